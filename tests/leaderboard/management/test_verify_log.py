from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from leaderboard import services
from leaderboard.certification import Reason
from leaderboard.models import (
    Alert,
    Certificate,
    CertificateStep,
    Change,
    Checkpoint,
    EvidenceBundle,
    LogEntry,
    LogHead,
    PublishedEndpoint,
    Snapshot,
)
from tests.leaderboard import certifying, factories
from tests.leaderboard.verifying import differences, verified
from verifier.models import Endpoint, Finding, Run

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def kept(settings: Any, tmp_path: Path) -> Path:
    """An evidence storage of this test's own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "evidence": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "evidence")},
        },
    }
    return tmp_path / "evidence" / "log"


@pytest.fixture
def published() -> dict[str, Endpoint]:
    """Two endpoints, one of which was measured twice; everything in the log, under a checkpoint."""
    made = {label: factories.endpoint(label) for label in ("Good", "Bad")}
    finding = {
        "check": "token_distribution", "version": "1", "outcome": "fail", "cause": "Test data.",
        "estimate": 97.21, "low": 96.74, "high": 97.63, "n": 130, "unit": "x", "details": {"a": 1},
    }  # fmt: skip
    factories.run(made["Good"], factories.faithful())
    services.publish(made["Good"].model_id)
    for hour in (1, 0):
        run = factories.run(
            made["Bad"],
            factories.result(findings=[finding]),
            e_value=1e6,
            ended=timezone.now() - timedelta(hours=hour),
        )
        fields: Any = {name: value for name, value in finding.items() if name != "check"}
        factories.finding(run, **fields)
        services.publish(made["Bad"].model_id)
    services.checkpoint()
    return made


def test_before_anything_is_published_all_is_well() -> None:
    assert "All is as it was published: 1 entries" in verified(), "the first key is told of"


def test_what_was_published_is_found_unchanged(published: dict[str, Endpoint]) -> None:
    assert "All is as it was published" in verified()
    services.append("suite", "one", {})
    services.rotate_signing_key()
    services.checkpoint()
    assert "All is as it was published" in verified()


def test_after_a_key_was_withdrawn_what_it_signed_still_fits(published: dict[str, Endpoint]) -> None:
    call_command("rotate_signing_key", f"--withdraw={services.signer().keyid}", stdout=io.StringIO())
    assert "All is as it was published" in verified()


def change_board(change: Callable[[dict[str, Any]], None]) -> None:
    snapshot = Snapshot.objects.get()
    change(snapshot.board)
    Snapshot.objects.update(board=snapshot.board)


def row(board: dict[str, Any], label: str) -> dict[str, Any]:
    return next(row for row in board["rows"] if row["endpoint"]["label"] == label)


def bad() -> Any:
    return Endpoint.objects.get(label="Bad").pk


def change_served(change: Callable[[dict[str, Any]], None]) -> None:
    one = PublishedEndpoint.objects.get(pk=bad())
    change(one.document)
    PublishedEndpoint.objects.filter(pk=one.pk).update(document=one.document)


def bad_run() -> Any:
    return Run.objects.filter(endpoint__label="Bad").order_by("-ended")[:1]


CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "the verdict on the board": (
        lambda: change_board(lambda board: row(board, "Bad")["result"].update(verdict="faithful")),
        'Bad (endpoint {bad}) was changed: verdict is "faithful", and it was published as "deviating"',
    ),
    "the fidelity on the board": (
        lambda: change_board(lambda board: row(board, "Good")["result"]["fidelity"].update(value=99.55)),
        "The row of Good (endpoint {good}) was changed: fidelity is",
    ),
    "the date on the board": (
        lambda: change_board(lambda board: row(board, "Good")["run"].update(ended="2026-01-01")),
        "The row of Good (endpoint {good}) was changed: run is",
    ),
    "a rank on the board": (
        lambda: change_board(lambda board: row(board, "Bad")["rank"].update(place=1)),
        "The published board of HuggingFaceTB/SmolLM2-135M-Instruct (snapshot {snapshot}) was changed",
    ),
    "the date of publication": (
        lambda: Snapshot.objects.update(published=F("published") - DAY),
        "(snapshot {snapshot}) was changed: published is",
    ),
    "the digest of the board": (
        lambda: Snapshot.objects.update(digest="sha256:" + "0" * 64),
        "(snapshot {snapshot}) was changed",
    ),
    "a run's verdict": (
        lambda: Run.objects.filter(pk__in=bad_run().values("pk")).update(verdict="faithful"),
        'Run {run} in its columns was changed: verdict is "faithful"',
    ),
    "a run's fidelity": (
        lambda: Run.objects.filter(pk__in=bad_run().values("pk")).update(fidelity=97.22),
        "Run {run} in its columns was changed: fidelity is 97.22, and it was published as 97.21",
    ),
    "a run's interval": (
        lambda: Run.objects.filter(pk__in=bad_run().values("pk")).update(fidelity_low=0),
        "Run {run} in its columns was changed: fidelity_low is",
    ),
    "a run's date": (
        lambda: Run.objects.filter(pk__in=bad_run().values("pk")).update(
            ended=F("ended") - timedelta(days=1)
        ),
        "Run {run} was changed: ended is",
    ),
    "a run's result": (
        lambda: Run.objects.filter(pk__in=bad_run().values("pk")).update(result=factories.faithful()),
        "Run {run} was changed: result is",
    ),
    "the run that was published before": (
        lambda: Run.objects.filter(pk=Run.objects.filter(endpoint__label="Bad").earliest("ended").pk).update(
            verdict="inconclusive"
        ),
        'in its columns was changed: verdict is "inconclusive"',
    ),
    "a finding": (
        lambda: Finding.objects.filter(run__in=bad_run().values("pk")).update(outcome="pass"),
        "The findings of run {run} are not those of its result",
    ),
    "a finding's numbers": (
        lambda: Finding.objects.filter(run__in=bad_run().values("pk")).update(estimate=99.0),
        "The findings of run {run} are not those of its result",
    ),
    "a run that is gone": (
        lambda: Run.objects.filter(pk__in=bad_run().values("pk")).delete(),
        "which log entry",
    ),
    "a board that is gone": (
        lambda: Snapshot.objects.all().delete(),
        "The published board of HuggingFaceTB/SmolLM2-135M-Instruct ({model}) is gone",
    ),
    "the verdict that the API serves": (
        lambda: change_served(lambda document: document.update(verdict="faithful")),
        'What the API serves of Bad (endpoint {bad}) was changed: verdict is "faithful"',
    ),
    "the fidelity that the API serves": (
        lambda: change_served(lambda document: document["fidelity"].update(value=99.9)),
        "What the API serves of Bad (endpoint {bad}) was changed: fidelity is",
    ),
    "the verdict that the API filters by": (
        lambda: PublishedEndpoint.objects.filter(pk=bad()).update(verdict="faithful"),
        "What the API serves of Bad (endpoint {bad}), in its columns, was changed: verdict is",
    ),
    "an endpoint that the API no longer serves": (
        lambda: PublishedEndpoint.objects.filter(pk=bad()).delete(),
        "What the API serves of Bad (endpoint {bad}) is gone",
    ),
    "the date of a change": (
        lambda: Change.objects.filter(pk=Change.objects.filter(endpoint=bad()).first().pk).update(  # type: ignore[union-attr]
            at=F("at") - timedelta(days=400)
        ),
        "of endpoint {bad} was changed: nothing was published at its date",
    ),
    "the verdict of a change": (
        lambda: Change.objects.filter(endpoint=bad()).update(verdict="faithful"),
        "of endpoint {bad} was changed: its verdict is 'faithful'",
    ),
    "an entry's text": (
        lambda: LogEntry.objects.filter(pk=2).update(leaf="{}"),
        "Log entry 2 (",
    ),
    "an entry's kind": (
        lambda: LogEntry.objects.filter(pk=1).update(kind="suspension"),
        "Log entry 1 (suspension",
    ),
    "an entry's date": (
        lambda: LogEntry.objects.filter(pk=1).update(recorded=F("recorded") - DAY),
        "Log entry 1 (",
    ),
    "an entry's hash": (
        lambda: LogEntry.objects.filter(pk=1).update(hashes="0" * 128),
        "Log entry 1 (",
    ),
    "an entry that is gone": (
        lambda: LogEntry.objects.filter(pk=1).delete(),
        "The log has no entry 1: it was taken away",
    ),
    "the last entry that is gone": (
        lambda: LogEntry.objects.filter(pk=LogEntry.objects.latest("index").pk).delete(),
        "an older database was restored",
    ),
    "the log's length": (lambda: LogHead.objects.update(size=3), "The log's head counts 3 entries"),
    "a checkpoint": (
        lambda: Checkpoint.objects.update(note="x"),
        "of this database does not fit this log: the log's checkpoint is no signed note",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_in_the_database_is_named(what: str, published: dict[str, Endpoint]) -> None:
    named = {
        "good": published["Good"].pk,
        "bad": published["Bad"].pk,
        "run": bad_run().get().pk,
        "snapshot": Snapshot.objects.get().pk,
        "model": published["Bad"].model_id,
    }
    change, expected = CHANGES[what]
    change()
    assert expected.format(**named) in differences()


def test_only_what_was_changed_is_named(published: dict[str, Endpoint]) -> None:
    LogEntry.objects.filter(pk=1).update(recorded=F("recorded") - DAY)
    assert differences().count("\n") == 1


def test_an_entry_changed_with_all_its_hashes_is_caught_by_the_checkpoint(
    published: dict[str, Endpoint],
) -> None:
    """Who rewrites the whole log consistently still cannot sign it anew for those who kept its head."""
    from leaderboard.integrity import merkle

    entries = list(LogEntry.objects.all())
    entries[0].leaf = entries[0].leaf.replace("core 1.0", "core 1.1")
    nodes: dict[merkle.Node, bytes] = {}
    for entry in entries:
        hashes = merkle.completed(entry.leaf.encode(), entry.index, nodes.__getitem__)
        nodes |= {(level, entry.index >> level): value for level, value in enumerate(hashes)}
        entry.hashes = "".join(value.hex() for value in hashes)
        entry.save()
    size = Checkpoint.objects.get().size
    assert f"the first {size} entries are not those that were signed" in differences()


@pytest.fixture
def older(published: dict[str, Endpoint], tmp_path: Path) -> Path:
    """A checkpoint kept by somebody, and the database as it was before it."""
    path = tmp_path / "checkpoint"
    path.write_text(Checkpoint.objects.get().note, "utf-8")
    Checkpoint.objects.all().delete()
    before = LogEntry.objects.filter(kind="verdict").order_by("index").first()
    assert before is not None
    LogEntry.objects.filter(index__gt=before.index + 1).delete()
    LogHead.objects.update(size=before.index + 2)
    return path


def test_an_older_database_is_told_by_a_kept_checkpoint(older: Path) -> None:
    assert "an older database was restored" in differences("--checkpoint", str(older))


def test_an_older_database_that_went_on_is_told_as_well(older: Path) -> None:
    for number in range(20):
        services.append("suite", f"s{number}", {})
    assert "entries are not those that were signed" in differences("--checkpoint", str(older))


@pytest.mark.django_db(transaction=True)
def test_checkpoints_are_kept_outside_the_database_as_they_are_signed(kept: Path) -> None:
    services.append("suite", "one", {})
    services.checkpoint()
    services.append("suite", "two", {})
    made = services.checkpoint()
    assert len(list(kept.iterdir())) == 2
    assert set(services.kept_checkpoints().values()) == {one.note for one in Checkpoint.objects.all()}
    assert "2 kept checkpoints" in verified()
    Checkpoint.objects.all().delete()
    LogEntry.objects.filter(index__gte=made.size - 1).delete()
    LogHead.objects.update(size=made.size - 1)
    assert f"The kept checkpoint {made.size:012}" in differences()
    services.append("suite", "other", {})
    services.checkpoint()
    assert len(list(kept.iterdir())) == 3, "nothing that was kept is written over"


def test_a_checkpoint_of_another_log_is_refused(published: dict[str, Endpoint], tmp_path: Path) -> None:
    path = tmp_path / "foreign"
    path.write_text("x", "utf-8")
    assert "does not fit this log" in differences("--checkpoint", str(path))
    with pytest.raises(CommandError, match="can't be read"):
        verified("--checkpoint", str(tmp_path / "none"))


def test_a_storage_that_cannot_be_written_keeps_nobody_from_publishing(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    settings.STORAGES = {
        **settings.STORAGES,
        "evidence": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "file")},
        },
    }
    assert storages["evidence"]
    from leaderboard.services.checkpoints import _keep

    services.append("suite", "one", {})
    _keep(services.checkpoint())


CERTIFICATE_CHANGES: dict[str, tuple[Callable[[], Any], str]] = {
    "its state": (
        lambda: Certificate.objects.update(state="certified"),
        'Certificate {id} was changed: state is "certified", and it was published as "revoked"',
    ),
    "its end": (
        lambda: Certificate.objects.update(expires=F("expires") + DAY),
        "Certificate {id} was changed: expires is",
    ),
    "the reason of a step": (
        lambda: CertificateStep.objects.filter(now="revoked").update(said="Nothing."),
        "Step 3 of certificate {id} was changed: said is",
    ),
    "the date of a step": (
        lambda: CertificateStep.objects.filter(now="revoked").update(happened=F("happened") - DAY),
        "Step 3 of certificate {id} was changed: happened is",
    ),
    "a step that is gone": (
        lambda: CertificateStep.objects.filter(now="revoked").delete(),
        "Step 3 of certificate {id} is gone",
    ),
    "its statement": (
        lambda: Certificate.objects.update(document={"payload": "AAAA"}),
        "Certificate {id} was changed: the log has no statement like the one it hands out",
    ),
    "all of it": (
        lambda: [table.objects.all().delete() for table in (Alert, CertificateStep, Certificate)],
        "Certificate {id}, which the log tells of, is gone",
    ),
}


@pytest.mark.parametrize("what", CERTIFICATE_CHANGES)
def test_a_change_of_a_certificate_is_named(what: str) -> None:
    made = certifying.certified(certifying.known())
    services.end_certificate(made.pk, Reason.OPERATOR, "The provider asked for it.")
    assert "All is as it was published" in verified()
    change, expected = CERTIFICATE_CHANGES[what]
    change()
    assert expected.format(id=made.pk) in differences()


def test_a_change_of_where_the_evidence_lies_is_named() -> None:
    run = factories.run(factories.endpoint("One"))
    factories.observation(run)
    services.keep_evidence(run.pk)
    assert "All is as it was published" in verified()
    EvidenceBundle.objects.update(digest="sha256:0")
    assert f"The evidence of run {run.pk} was changed: digest is" in differences()
    EvidenceBundle.objects.all().delete()
    assert f"The evidence of run {run.pk}, which the log tells of, is gone." in differences()


def test_a_bundle_that_is_gone_or_changed_is_named(kept: Path) -> None:
    runs = [factories.run(factories.endpoint(label)) for label in ("One", "Two", "Three")]
    for run in runs:
        factories.observation(run)
    whole, gone, changed = (services.keep_evidence(run.pk) for run in runs)
    assert whole is not None
    assert gone is not None
    assert changed is not None
    assert "All is as it was published" in verified("--evidence")
    files = {path.name.split(".")[0]: path for path in (kept.parent / "bundles").rglob("*.gz")}
    files[gone.digest.removeprefix("sha256:")].unlink()
    files[changed.digest.removeprefix("sha256:")].write_bytes(b"other")
    assert "All is as it was published" in verified(), "what the files hold is asked for only with --evidence"
    said = differences("--evidence")
    assert said.count("\n") == 2
    assert f"The evidence {gone.digest} can't be read" in said
    assert f"The file of the evidence {changed.digest} was changed" in said
