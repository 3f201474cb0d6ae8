from __future__ import annotations

import ast
import base64
import copy
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.integrity import dsse
from leaderboard.integrity.keys import Signer
from tests.leaderboard.integrity.certificates import FACTS, ISSUED, NOW, Site, as_bytes
from verifier import certificate
from verifier.certificate import MAX_BYTES, Answer, State, check

SITE = Site()
GOOD = SITE.certificate()
SOURCE = Path(certificate.__file__)


def asked(document: Any = GOOD, keys: bytes = SITE.keys, **changes: Any) -> Answer:
    raw = document if isinstance(document, bytes) else as_bytes(document)
    return check(raw, keys, **{"now": NOW, **changes})


def changed(**values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD), **values}


def relogged(**values: Any) -> dict[str, Any]:
    return changed(log={**GOOD["log"], **values})


def test_it_needs_nothing_but_cryptography() -> None:
    modules = set()
    for node in ast.walk(ast.parse(SOURCE.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add((node.module or "").split(".")[0])
    assert modules - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_whole_certificate_is_valid_and_told() -> None:
    answer = asked(status=as_bytes(SITE.status(GOOD, "certified")))
    assert (answer.state, answer.ok) == (State.VALID, True)
    assert answer.reason == "It is signed, in the log, and valid until 30 May 2026."
    assert answer.attested is not None
    assert answer.attested["predicate"]["assay"]["verdict"] == "faithful"
    assert answer.notes == ("Certified since 2026-03-11T12:00:00Z.",)


def test_offline_it_says_what_was_not_looked_up() -> None:
    answer = asked()
    assert answer.ok
    assert answer.notes == ("Whether it was suspended or revoked since was not looked up.",)


@pytest.mark.parametrize("place", [0, 1, 7, 11, 12])
@pytest.mark.parametrize("others", [12, 15, 16])
def test_wherever_it_stands_in_the_log(place: int, others: int) -> None:
    site = Site(others=others)
    assert asked(site.certificate(place), site.keys).ok
    assert asked(Site(signer=site.signer, others=0).certificate(0), site.keys).ok


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (ISSUED - timedelta(seconds=1), State.NOT_YET_VALID),
        (ISSUED, State.VALID),
        (ISSUED + timedelta(days=90) - timedelta(seconds=1), State.VALID),
        (ISSUED + timedelta(days=90), State.EXPIRED),
    ],
)
def test_when_it_holds(now: Any, state: State) -> None:
    answer = asked(now=now)
    assert answer.state is state
    assert answer.attested is not None


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("certified", State.VALID), ("watch", State.VALID), ("suspended", State.SUSPENDED),
        ("revoked", State.REVOKED), ("expired", State.EXPIRED),
    ],
)  # fmt: skip
def test_where_it_stands_now(word: str, state: State) -> None:
    answer = asked(status=as_bytes(SITE.status(GOOD, word, "The weights were swapped.")))
    assert answer.state is state
    said = answer.reason if state is not State.VALID else answer.notes[0]
    assert said == f"{word.capitalize()} since 2026-03-11T12:00:00Z: The weights were swapped."
    assert answer.attested is not None


def test_a_status_of_another_or_by_another_is_no_status() -> None:
    other = SITE.certificate(grade="A")
    assert asked(status=as_bytes(SITE.status(other, "certified"))).state is State.UNREADABLE
    assert asked(status=as_bytes(Site().status(GOOD, "certified"))).state is State.UNKNOWN_KEY
    assert asked(status=as_bytes(GOOD)).state is State.UNREADABLE
    assert asked(status=b"not found").state is State.UNREADABLE


def test_a_foreign_key_is_said_to_be_unknown() -> None:
    answer = asked(Site().certificate())
    assert (answer.state, answer.attested) == (State.UNKNOWN_KEY, None)
    assert "not signed with any of the published keys" in answer.reason


def test_a_withdrawn_key_and_one_out_of_its_time_no_longer_count() -> None:
    signer = SITE.signer
    assert asked(keys=Site(signer, withdrawn=True, retired=NOW).keys).state is State.UNKNOWN_KEY
    assert asked(keys=Site(signer, retired=ISSUED - timedelta(days=1)).keys).state is State.UNKNOWN_KEY
    assert asked(keys=Site(signer, begun=NOW).keys).state is State.UNKNOWN_KEY
    assert asked(keys=Site(signer, retired=ISSUED + timedelta(days=1)).keys).ok, "it was in use then"


def test_whatever_is_changed_in_what_it_says_is_seen() -> None:
    said = json.loads(base64.b64decode(GOOD["payload"]))
    said["predicate"]["assay"]["grade"] = "A++"
    payload = base64.b64encode(json.dumps(said).encode()).decode()
    answer = asked(changed(payload=payload))
    assert (answer.state, answer.attested) == (State.ALTERED, None)
    assert "changed after signing" in answer.reason


@pytest.mark.parametrize(
    ("document", "state"),
    [
        ({key: value for key, value in GOOD.items() if key != "log"}, State.NOT_IN_LOG),
        (changed(log=None), State.NOT_IN_LOG),
        (changed(log=[]), State.NOT_IN_LOG),
        (relogged(index=6), State.NOT_IN_LOG),
        (relogged(index=-1), State.NOT_IN_LOG),
        (relogged(index=5.0), State.NOT_IN_LOG),
        (relogged(index=True), State.NOT_IN_LOG),
        (relogged(index=10**30), State.NOT_IN_LOG),
        (relogged(proof=[]), State.NOT_IN_LOG),
        (relogged(proof=GOOD["log"]["proof"][:-1]), State.NOT_IN_LOG),
        (relogged(proof=GOOD["log"]["proof"][::-1]), State.NOT_IN_LOG),
        (relogged(proof=GOOD["log"]["proof"] * 30), State.NOT_IN_LOG),
        (relogged(proof=["!"]), State.UNREADABLE),
        (relogged(proof=7), State.NOT_IN_LOG),
        (relogged(entry=GOOD["log"]["entry"] + " "), State.NOT_IN_LOG),
        (relogged(entry="x"), State.UNREADABLE),
        (relogged(entry=7), State.NOT_IN_LOG),
        (relogged(entry='{"kind":"suite","body":{}}'), State.NOT_IN_LOG),
        (relogged(checkpoint=""), State.NOT_IN_LOG),
        (relogged(checkpoint=GOOD["log"]["checkpoint"].replace("\n13\n", "\n14\n")), State.ALTERED),
        (relogged(checkpoint=Site().certificate()["log"]["checkpoint"]), State.UNKNOWN_KEY),
        (relogged(**SITE.certificate(grade="B")["log"]), State.NOT_IN_LOG),
    ],
)
def test_what_is_not_proven_to_be_in_the_log(document: Any, state: State) -> None:
    assert asked(document).state is state


def signed(statement: Any, payload_type: str = certificate.PAYLOAD_TYPE) -> dict[str, Any]:
    envelope = dsse.sign(statement, SITE.signer, payload_type)
    return {**envelope, "log": SITE.logged(base64.b64decode(envelope["payload"]))}


def statement(**predicate: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(base64.b64decode(GOOD["payload"]))
    return {**said, "predicate": {**said["predicate"], **predicate}}


@pytest.mark.parametrize(
    "document",
    [
        b"", b"{", b"[]", b"7", b"null", b"{}", b'"x"', b"\xff\xfe", b"<html>", b"\x00" * 100,
        b"[" * 200_000, b'{"payload":' * 50_000, b'{"a":' + b"9" * 6000 + b"}", b'{"a":NaN}',
        b'{"payload":"","payload":"","payloadType":"","signatures":[]}',
        b'{"payload":"\\ud800","payloadType":"\\ud800","signatures":[]}',
        b'{"payload":7,"payloadType":"x","signatures":[]}',
        b'{"payload":"","payloadType":7,"signatures":[]}',
        b'{"payload":"","payloadType":"x","signatures":7}',
        b'{"payload":"","payloadType":"x","signatures":[7]}',
        b'{"payload":"","payloadType":"x","signatures":[{"keyid":7,"sig":""}]}',
        b'{"payload":"","payloadType":"x","signatures":[{"keyid":"x"}]}',
        b" " * (MAX_BYTES + 1),
        as_bytes({**GOOD, "padding": "x" * MAX_BYTES}),
        as_bytes(changed(payload=GOOD["payload"] + "=")),
        as_bytes(changed(payload=GOOD["payload"].replace("e", "\u00e9", 1))),
        as_bytes(signed(statement(), "application/json")),
        as_bytes(signed({"_type": "x"})),
        as_bytes(signed({**statement(), "predicateType": certificate.STATUS})),
        as_bytes(signed({**statement(), "predicate": []})),
        as_bytes(signed(statement(timeCreated=7))),
        as_bytes(signed(statement(timeCreated="yesterday"))),
        as_bytes(signed(statement(timeCreated="2026-03-01T12:00:00"))),
        as_bytes(signed(statement(assay=None))),
        as_bytes(signed(statement(assay={"valid_until": "2026-05-01"}))),
        *(as_bytes(GOOD)[:length] for length in (1, 50, 700, len(as_bytes(GOOD)) - 1)),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_a_sentence(document: bytes) -> None:
    answer = asked(document)
    assert answer.state is State.UNREADABLE
    assert answer.reason.endswith(".")
    assert "\n" not in answer.reason


def test_a_key_set_that_cannot_be_read_is_said_too() -> None:
    for keys in (b"", b"{}", b"[]", b'{"keys":[],"log_origin":"x"}'):
        answer = asked(keys=keys)
        assert answer.state is State.UNREADABLE
        assert "key set" in answer.reason


@given(st.integers(0, 8 * len(as_bytes(GOOD)) - 1))
def test_no_changed_bit_leaves_another_certificate_valid(bit: int) -> None:
    """Where a bit is changed and it still holds, it attests the very same, by the same proof."""
    data = bytearray(as_bytes(GOOD))
    data[bit // 8] ^= 1 << bit % 8
    answer = asked(bytes(data))
    if answer.ok:
        assert answer.attested == asked().attested
        assert json.loads(data)["log"] == GOOD["log"]


@given(st.sampled_from(["entry", "checkpoint"]), st.integers(0, 2**16))
def test_every_changed_bit_of_entry_and_checkpoint_is_caught(name: str, bit: int) -> None:
    data = bytearray(GOOD["log"][name].encode())
    place = bit % (8 * len(data))
    data[place // 8] ^= 1 << place % 8
    assert not asked(relogged(**{name: data.decode("utf-8", "replace")})).ok


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(document: bytes) -> None:
    assert not asked(document).ok
    assert not asked(keys=document).ok
    assert not asked(status=document).ok


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["payload", "payloadType", "signatures", "log"]), json_values)
def test_any_value_in_any_place_gets_an_answer(name: str, value: Any) -> None:
    assert not asked(json.dumps(changed(**{name: value})).encode()).ok


@given(st.sampled_from(["entry", "index", "proof", "checkpoint"]), json_values)
def test_any_value_in_the_proof_gets_an_answer(name: str, value: Any) -> None:
    if GOOD["log"][name] != value:
        assert not asked(json.dumps(relogged(**{name: value})).encode()).ok


@given(st.sampled_from(["timeCreated", "assay"]), json_values)
def test_any_value_that_was_signed_gets_an_answer(name: str, value: Any) -> None:
    raw = json.dumps(signed(statement(**{name: value}))).encode()
    assert not asked(raw).ok


def alone(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The one file, run by itself from an empty folder."""
    copied = folder / "certificate.py"
    copied.write_bytes(SOURCE.read_bytes())
    return subprocess.run(
        [sys.executable, "-I", str(copied), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_file_runs_by_itself(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_bytes(as_bytes(SITE.certificate(expires=NOW.replace(year=2200))))
    (tmp_path / "keys.json").write_bytes(SITE.keys)
    said = alone(tmp_path, "c.json", "--keys", "keys.json")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("valid: It is signed, in the log, and valid until")
    assert FACTS.base_url in said.stdout
    (tmp_path / "c.json").write_bytes(as_bytes(GOOD)[:100])
    said = alone(tmp_path, "c.json", "--keys", "keys.json")
    assert (said.returncode, said.stderr) == (1, "")
    assert said.stdout.startswith("unreadable: ")
    said = alone(tmp_path, "c.json", "--keys", "no.json")
    assert said.returncode == 3
    assert said.stderr.count("\n") == 1


def test_two_sites_never_vouch_for_each_other() -> None:
    other = Site(signer=Signer.generate())
    document = {**copy.deepcopy(GOOD), "log": other.logged(base64.b64decode(GOOD["payload"]))}
    assert asked(document).state is State.UNKNOWN_KEY
