from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.verifier.cli.commands import Said, call
from tests.verifier.cli.site import site

Capsys = pytest.CaptureFixture[str]
ADDRESS = "/api/v1/models/org/model/leaderboard"


def endpoint(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"id-{name}",
        "label": name,
        "provider": {"slug": name, "name": name},
        "variant": "",
        "control": False,
        "verdict": "faithful",
        "grade": "A",
        "fidelity": {"value": 99.54, "low": 99.38, "high": 99.71},
        "declaration": {"declared": "bf16", "measured": None, "state": "kept"},
        "certificate": {"id": "c", "state": "certified"},
        "run": {"id": "r", "ended": (datetime.now(UTC) - timedelta(days=3)).isoformat()},
        **changes,
    }


def board(*endpoints: dict[str, Any]) -> bytes:
    return json.dumps({"rows": [{"rank": None, "endpoint": one} for one in endpoints]}).encode()


def scores(capsys: Capsys, body: bytes, *options: str, model: str = "org/model") -> Said:
    with site({ADDRESS: body}) as address:
        return call(capsys, "scores", model, "--site", address, *options)


def test_it_prints_the_board_with_intervals_states_and_ages(capsys: Capsys) -> None:
    new = endpoint("new", verdict=None, grade=None, fidelity=None, certificate=None, run=None, control=True)
    said = scores(capsys, board(endpoint("one", variant="turbo"), new))
    assert (said.status, said.err) == (0, "")
    head, first, second = said.out.splitlines()
    assert head.split()[:3] == ["ENDPOINT", "VERDICT", "GRADE"]
    for word in ("one/turbo", "faithful", "A", "99.5 (99.4-99.7)", "bf16", "certified", "3 d ago"):
        assert word in first
    assert second.startswith("new (control)")
    assert "not yet measured" in second


def test_json_is_what_the_site_says(capsys: Capsys) -> None:
    said = scores(capsys, board(endpoint("one"), endpoint("two", grade="C")), "--json", "--min-grade", "B")
    assert said.status == 0
    assert [one["label"] for one in json.loads(said.out)["endpoints"]] == ["one"]


@pytest.mark.parametrize(
    ("found", "options", "status", "words"),
    [
        (endpoint("one"), ("--pin", "one"), 0, ""),
        (endpoint("one", variant="turbo"), ("--pin", "one/turbo"), 0, ""),
        (endpoint("one"), ("--pin", "id-one", "--min-grade", "A"), 0, ""),
        (endpoint("one", certificate=None), ("--pin", "one"), 1, "it has no certificate"),
        (
            endpoint("one", certificate={"id": "c", "state": "suspended"}, verdict="deviating"),
            ("--pin", "one"),
            1,
            "one is not certified: suspended; deviating",
        ),
        (endpoint("one", grade="B"), ("--pin", "one", "--min-grade", "A"), 1, "one has grade B, below A"),
        (endpoint("one"), ("--pin", "other"), 1, "other is not on the board"),
        (endpoint("one", grade=None), ("--min-grade", "F"), 1, "no endpoint of org/model has grade F"),
    ],
)
def test_its_exit_status_is_for_ci(
    capsys: Capsys, found: dict[str, Any], options: tuple[str, ...], status: int, words: str
) -> None:
    said = scores(capsys, board(found), *options)
    assert said.status == status
    assert words in said.err


@pytest.mark.parametrize(
    ("body", "options", "words"),
    [
        (b"{}", (), "answers no board"),
        (b"<html>", (), "answers no board"),
        (b'{"rows": [{"endpoint": {}}]}', (), "answers no board"),
        (b'{"rows": [{"endpoint": 3}]}', (), "answers no board"),
    ],
)
def test_what_is_no_board_is_not_read(
    capsys: Capsys, body: bytes, options: tuple[str, ...], words: str
) -> None:
    said = scores(capsys, body, *options)
    assert (said.status, said.out) == (3, "")
    assert words in said.err


def test_a_model_that_is_not_published_and_no_site(capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "HTTP 404" in scores(capsys, board(), model="org/unknown").err
    assert "is no model" in scores(capsys, board(), model="unknown").err
    monkeypatch.delenv("ASSAY_SITE", raising=False)
    said = call(capsys, "scores", "org/model")
    assert (said.status, said.err) == (3, "assay: which site? Give --site https://SITE, or set ASSAY_SITE\n")


def test_a_private_site_is_not_asked_unless_it_may_be(capsys: Capsys) -> None:
    said = call(capsys, "scores", "org/model", "--site", "https://10.0.0.1")
    assert said.status == 3
    assert "10.0.0.1" in said.err


def test_a_strangers_text_does_nothing_to_the_terminal(capsys: Capsys) -> None:
    said = scores(capsys, board(endpoint("\x1b[31mred\u202e")), "--pin", "\x1b[2J")
    assert "\x1b" not in said.out + said.err
    assert "\u202e" not in said.out
    assert "\\x1b[31mred" in said.out
