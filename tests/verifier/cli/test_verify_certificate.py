from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.leaderboard.integrity.certificates import Site, as_bytes
from tests.verifier.cli.commands import Said, call
from tests.verifier.cli.site import site
from verifier.certificate import MAX_BYTES

SITE = Site(begun=datetime(2026, 1, 1, tzinfo=UTC))
TODAY = datetime.now(UTC).replace(microsecond=0)
CURRENT: dict[str, Any] = {"issued": TODAY - timedelta(days=1), "expires": TODAY + timedelta(days=80)}
Capsys = pytest.CaptureFixture[str]


@contextmanager
def certified(state: str = "certified", **changes: Any) -> Iterator[tuple[str, dict[str, bytes]]]:
    """A site with one certificate in this state; its address and its files, to be changed."""
    files: dict[str, bytes] = {"/.well-known/assay-keys.json": SITE.keys}
    with site(files) as address:
        document = SITE.certificate(status=f"{address}/status", **{**CURRENT, **changes})
        files["/certificate"] = as_bytes(document)
        files["/status"] = as_bytes(SITE.status(document, state, "The weights were swapped."))
        yield address, files


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and the keys, kept."""
    (tmp_path / "c.json").write_bytes(as_bytes(SITE.certificate(**CURRENT)))
    (tmp_path / "keys.json").write_bytes(SITE.keys)
    return tmp_path / "c.json", tmp_path / "keys.json"


def verified(capsys: Capsys, certificate: object, *options: object) -> Said:
    return call(capsys, "verify-certificate", certificate, *options)


def refused(said: Said) -> str:
    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
    return said.err


def test_offline_it_says_that_it_is_valid_and_what_it_attests(
    files: tuple[Path, Path], capsys: Capsys
) -> None:
    said = verified(capsys, files[0], "--keys", files[1])
    assert (said.status, said.err) == (0, "")
    first, note, *rest = said.out.splitlines()
    assert first.startswith("valid: It is signed, in the log, and valid until")
    assert note == "  Whether it was suspended or revoked since was not looked up."
    assert "  of: makers/toy at https://toys.example/v1" in rest
    assert "  grade: A+" in rest
    assert "  fidelity: 99.54 (99.38 to 99.71), at top-20" in rest
    assert "  evidence: sha256:2" in rest


def test_as_json_for_programs(files: tuple[Path, Path], capsys: Capsys) -> None:
    said = verified(capsys, files[0], "--keys", files[1], "--json")
    found = json.loads(said.out)
    assert found["state"] == "valid"
    assert found["attested"]["predicate"]["assay"]["grade"] == "A+"


def test_by_its_address_keys_and_status_are_those_of_its_site(capsys: Capsys) -> None:
    with certified() as (address, _):
        said = verified(capsys, f"{address}/certificate")
        assert said.status == 0, said
        assert "  Certified since" in said.out


@pytest.mark.parametrize(
    ("state", "first"),
    [
        ("suspended", "suspended: Suspended since"),
        ("revoked", "revoked: Revoked since"),
        ("expired", "expired: "),
    ],
)
def test_what_no_longer_stands_is_said_with_its_reason(state: str, first: str, capsys: Capsys) -> None:
    with certified(state) as (address, _):
        said = verified(capsys, f"{address}/certificate")
        assert (said.status, said.err) == (1, "")
        assert said.out.startswith(first)
        assert "The weights were swapped." in said.out.splitlines()[0]
        assert "verdict: faithful" in said.out


def test_a_kept_status_is_read_offline(files: tuple[Path, Path], tmp_path: Path, capsys: Capsys) -> None:
    status = tmp_path / "status.json"
    status.write_bytes(as_bytes(SITE.status(SITE.certificate(**CURRENT), "revoked")))
    said = verified(capsys, files[0], "--keys", files[1], "--status", status)
    assert (said.status, said.out.split(":")[0]) == (1, "revoked")


def changed(document: dict[str, Any], **values: Any) -> bytes:
    return as_bytes({**document, **values})


GOOD = SITE.certificate(**CURRENT)


@pytest.mark.parametrize(
    ("document", "word"),
    [
        (as_bytes(SITE.certificate(**{**CURRENT, "expires": TODAY})), "expired"),
        (changed(GOOD, payload=GOOD["payload"].replace("e", "f", 1)), "altered"),
        (changed(GOOD, signatures=[{**GOOD["signatures"][0], "sig": "A" * 86 + "=="}]), "altered"),
        (as_bytes(Site().certificate(**CURRENT)), "unknown-key"),
        (changed(GOOD, log=None), "not-in-the-log"),
        (as_bytes(GOOD)[:-20], "unreadable"),
        (b"", "unreadable"),
        (b"\x00\xff" * 1000, "unreadable"),
        (as_bytes(GOOD) + b" " * MAX_BYTES, "unreadable"),
    ],
)  # fmt: skip
def test_a_certificate_that_does_not_hold_has_a_clear_answer(
    document: bytes, word: str, files: tuple[Path, Path], capsys: Capsys
) -> None:
    files[0].write_bytes(document)
    said = verified(capsys, files[0], "--keys", files[1])
    assert (said.status, said.err) == (1, "")
    assert said.out.startswith(f"{word}: ")


def test_without_keys_a_file_is_not_believed(files: tuple[Path, Path], capsys: Capsys) -> None:
    assert "which keys do you trust?" in refused(verified(capsys, files[0]))


def test_what_cannot_be_had_is_one_line(files: tuple[Path, Path], capsys: Capsys) -> None:
    assert "No such file" in refused(verified(capsys, "none.json", "--keys", files[1]))
    assert "not a public address" in refused(verified(capsys, "https://10.0.0.1/c", "--keys", files[1]))
    with certified() as (address, served):
        assert "answers HTTP 404" in refused(verified(capsys, f"{address}/other"))
        del served["/status"]
        assert "/status answers HTTP 404" in refused(verified(capsys, f"{address}/certificate"))


def test_a_status_is_never_looked_up_at_another_site(capsys: Capsys) -> None:
    with certified() as (address, served), certified() as (other, _):
        served["/certificate"] = as_bytes(SITE.certificate(status=f"{other}/status", **CURRENT))
        assert "which is another site" in refused(verified(capsys, f"{address}/certificate"))


def test_what_a_certificate_says_cannot_move_the_terminal(files: tuple[Path, Path], capsys: Capsys) -> None:
    files[0].write_bytes(as_bytes(SITE.certificate(revision="\x1b[2J\nvalid: \u202e", **CURRENT)))
    said = verified(capsys, files[0], "--keys", files[1])
    assert said.status == 0
    assert "\x1b" not in said.out
    assert not any(line.startswith("valid:") for line in said.out.splitlines()[1:])
