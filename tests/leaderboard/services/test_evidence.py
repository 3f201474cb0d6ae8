"""Evidence of real runs: measured over HTTP by the worker's own service, stored, judged again elsewhere."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from leaderboard import selectors, services
from leaderboard.demo.rechecking import differing, rechecked
from leaderboard.integrity.bundle import place
from leaderboard.models import EvidenceBundle, HiddenPool, LogEntry
from tests.leaderboard import factories
from tests.verifier.cli.commands import baseline
from tests.verifier.small_world import INT4
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import serving
from verifier import services as facts
from verifier.baseline import files
from verifier.evidence.bundle import BundleError, read
from verifier.evidence.canonical import canonical_json, result_text
from verifier.models import Baseline, Endpoint, Observation, Run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """An evidence storage of this test's own."""
    settings.STORAGES = {
        **settings.STORAGES,
        "evidence": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "evidence")},
        },
    }
    return tmp_path / "evidence"


@pytest.fixture
def measured(settings: Any, transactional_db: None) -> Run:
    """A run of an endpoint with 4-bit weights, done by the worker's service."""
    settings.HEARTBEAT_SECONDS = 1.0
    known = baseline()
    with serving(Synthetic(noise=INT4)) as server:
        settings.EGRESS_ALLOW = frozenset({server.url.split("/")[2]})
        endpoint = factories.endpoint("Int4", base_url=server.url, upstream_model="toy")
        row = factories.baseline(endpoint.model)
        values = {"data": files.dump(known), "digest": known.id, "suite_sha256": known.suite_sha256}
        Baseline.objects.filter(pk=row.pk).update(**values)
        run = facts.queue_run(endpoint, settings={"decide_only": True})
        facts.execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == "complete", run.error
    return run


def bundle_of(run: Run) -> EvidenceBundle:
    found = selectors.evidence_of(run.pk)
    assert found is not None
    return found


def lines(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(data).decode().splitlines()]


def test_a_run_that_ended_is_stored_told_and_judged_again_to_the_byte(
    measured: Run, client: Client, folder: Path
) -> None:
    bundle = bundle_of(measured)
    path = folder / place(bundle.digest)
    assert bundle.digest == f"sha256:{sha256(path.read_bytes()).hexdigest()}"
    manifest, *answers = lines(path.read_bytes())
    assert len(answers) == bundle.answers == Observation.objects.filter(run=measured).count()
    assert manifest["run"] == str(measured.pk)
    assert measured.result is not None
    assert manifest["versions"] == measured.result["versions"]
    assert "hidden" not in answers[0]["probe"]["body"]
    entry = LogEntry.objects.get(kind="evidence", subject=str(measured.pk))
    assert json.loads(entry.leaf)["body"]["digest"] == bundle.digest
    known = client.get(f"/api/v1/baselines/{measured.result['baseline']}").content
    said = rechecked(client.get(f"/api/v1/runs/{measured.pk}/evidence").content, known)
    assert said == result_text(measured.result)
    altered = replaced_result(measured)
    assert differing({"as it was": measured, "altered": altered}) == ["altered"]
    path.unlink()
    assert differing({"gone": measured}) == ["gone"]


def replaced_result(run: Run) -> Run:
    """The same run with another fidelity, in memory only."""
    found = Run.objects.get(pk=run.pk)
    found.result = {**(found.result or {}), "verdict": "faithful"}
    return found


def test_the_same_evidence_is_the_same_file_and_is_stored_once(measured: Run, folder: Path) -> None:
    first = bundle_of(measured)
    assert services.keep_evidence(measured.pk) == first
    EvidenceBundle.objects.all().delete()
    again = services.keep_evidence(measured.pk)
    assert again is not None
    assert again.digest == first.digest
    assert len(list(folder.rglob("*.gz"))) == 1
    assert LogEntry.objects.filter(kind="evidence").count() == 1


def test_rows_are_pruned_only_after_their_time_and_only_if_the_file_is_whole(
    measured: Run, settings: Any, folder: Path
) -> None:
    settings.EVIDENCE_DAYS = 30
    assert services.prune_evidence() == 0
    EvidenceBundle.objects.update(kept=timezone.now() - timedelta(days=31))
    path = folder / place(bundle_of(measured).digest)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert services.prune_evidence() == 0
    path.unlink()
    assert services.prune_evidence() == 0
    assert Observation.objects.filter(run=measured).exists()
    path.write_bytes(data)
    settings.EVIDENCE_DAYS = 0
    assert services.prune_evidence() == 0, "0: never"
    settings.EVIDENCE_DAYS = 30
    assert services.prune_evidence() == 1
    assert not Observation.objects.filter(run=measured).exists()
    assert services.read_evidence(bundle_of(measured)) == data
    assert services.keep_missing() == 0


def test_what_could_not_be_stored_is_stored_later(
    measured: Run, folder: Path, settings: Any, tmp_path: Path
) -> None:
    EvidenceBundle.objects.all().delete()
    (tmp_path / "file").write_text("x")
    good = settings.STORAGES
    broken = {**good["evidence"], "OPTIONS": {"location": str(tmp_path / "file")}}
    settings.STORAGES = {**good, "evidence": broken}
    assert services.keep_missing() == 0
    settings.STORAGES = good
    assert selectors.runs_without_evidence(9) == [measured.pk]
    assert services.keep_missing() == 1


def test_a_hidden_prompt_is_a_salted_hash_until_its_pool_is_retired(
    settings: Any, tmp_path: Path, client: Client
) -> None:
    from verifier.suites import as_jsonl, load

    pool = tmp_path / "pool.jsonl"
    template = next(one for one in load("core").prompts if len(one.messages) == 1)
    secret = "What does nobody ask before the moon is full?"
    prompt = replace(template, id="h001", messages=({"role": "user", "content": secret},))
    pool.write_bytes(as_jsonl([prompt]))
    settings.HIDDEN_POOL = pool
    digest = sha256(pool.read_bytes()).hexdigest()
    endpoint = factories.endpoint("One")
    row = factories.baseline(endpoint.model)
    Baseline.objects.filter(pk=row.pk).update(hidden_sha256=digest, suite_sha256=load("core").sha256)
    run = factories.run(endpoint)
    body = {"messages": [{"role": "user", "content": secret}, {"role": "assistant", "content": "Once"}]}
    factories.observation(run, 1, key="h001/4", request={"api": "chat/completions", "body": body})
    raw = {"prompt": f"<user>{secret}<end>", "max_tokens": 1}
    factories.observation(run, 2, key="h001/raw", request={"api": "completions", "body": raw})
    factories.observation(run, 3)
    made = services.keep_evidence(run.pk)
    assert made is not None
    data = services.read_evidence(made)
    assert secret not in gzip.decompress(data).decode()
    _, first, second, public = lines(data)
    salt = bytes.fromhex(HiddenPool.objects.get().salt)
    hashed = sha256(
        salt + json.dumps([dict(prompt.messages[0])], sort_keys=True, separators=(",", ":")).encode()
    )
    assert first["probe"]["body"] == {"hidden": {"prompt": "h001", "sha256": hashed.hexdigest()}}
    assert second["probe"]["body"] == {"max_tokens": 1, "hidden": first["probe"]["body"]["hidden"]}
    assert "messages" in public["probe"]["body"]
    sealed = client.get(f"/api/v1/runs/{run.pk}/evidence")
    assert sealed["ETag"] != f'"{made.digest}"'
    assert "immutable" not in sealed["Cache-Control"]
    manifest, *asked = lines(sealed.content)
    assert manifest == lines(data)[0]
    assert asked[2] == public
    for answer, whole in zip(asked[:2], (first, second), strict=True):
        seal = sha256(salt + canonical_json(whole["observation"])).hexdigest()
        assert answer == {"probe": whole["probe"], "sealed": seal}
    path = tmp_path / "sealed.jsonl.gz"
    path.write_bytes(sealed.content)
    with pytest.raises(BundleError, match="sealed until their pool is retired"):
        read(path)
    address = f"/api/v1/baselines/{row.digest}"
    assert client.get(address).status_code == 404
    services.retire_pool(digest)
    assert client.get(address).status_code == 200
    whole_file = client.get(f"/api/v1/runs/{run.pk}/evidence", headers={"If-None-Match": sealed["ETag"]})
    assert (whole_file.status_code, whole_file.content) == (200, data)
    assert whole_file["ETag"] == f'"{made.digest}"'
    entry = LogEntry.objects.get(kind="pool")
    assert json.loads(entry.leaf)["body"]["salt"] == salt.hex()


def test_without_its_hidden_pool_evidence_is_not_stored(settings: Any) -> None:
    endpoint = factories.endpoint("One")
    row = factories.baseline(endpoint.model)
    Baseline.objects.filter(pk=row.pk).update(hidden_sha256="1" * 64)
    run = factories.run(endpoint)
    factories.observation(run)
    assert services.keep_missing() == 0
    assert not EvidenceBundle.objects.exists()


def test_a_run_without_answers_has_no_evidence(client: Client) -> None:
    run = factories.run(factories.endpoint("One"))
    assert services.keep_evidence(run.pk) is None
    assert client.get(f"/api/v1/runs/{run.pk}/evidence").status_code == 404
    assert client.get("/api/v1/baselines/sha256:1").status_code == 404


def test_the_file_is_served_under_its_own_name_and_not_of_unlisted_endpoints(client: Client) -> None:
    run = factories.run(factories.endpoint("One"))
    factories.observation(run)
    made = services.keep_evidence(run.pk)
    assert made is not None
    first = client.get(f"/api/v1/runs/{run.pk}/evidence")
    assert first["ETag"] == f'"{made.digest}"'
    again = client.get(f"/api/v1/runs/{run.pk}/evidence", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert storages["evidence"].exists(place(made.digest))
    Endpoint.objects.update(listed=False)
    assert client.get(f"/api/v1/runs/{run.pk}/evidence").status_code == 404


def test_the_page_of_a_run_leads_to_its_evidence_and_says_when_only_the_file_has_it(client: Client) -> None:
    run = factories.run(factories.endpoint("One"))
    factories.observation(run)
    assert "The evidence as one file" not in client.get(f"/runs/{run.pk}/").content.decode()
    made = services.keep_evidence(run.pk)
    assert made is not None
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert f"/api/v1/runs/{run.pk}/evidence" in page
    assert made.digest in page
    EvidenceBundle.objects.update(kept=timezone.now() - timedelta(days=400))
    assert services.prune_evidence() == 1
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "the file has all 1." in page
