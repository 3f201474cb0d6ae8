"""What falls short of its reach is said, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bench.printed import shortfalls
from tests.bench.reach import PEERS


def document(**changes: Any) -> dict[str, Any]:
    row = {
        "deployment": "int4-g64",
        "evidence": "text",
        "runs": 20,
        "within": 20,
        "reach": {"tokens": 15, "share": 0.9},
        "tokens": {"median": 2, "p90": 4, "max": 5},
    }
    peer = {"method": "MET", "deployment": "int4-g64", "tokens_for_90": 200, "most_tokens_tried": 500}
    found: dict[str, Any] = {"detection": [row], "totals": {}, "honest": [], "causes": {}, "peers": [peer]}
    for path, value in changes.items():
        room, name = path.split("__")
        found[room][0][name] = value
    return found


def test_nothing_is_short_where_all_is_reached() -> None:
    assert shortfalls(document()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"detection__within": 17}, "int4-g64, text: 17 of 20 within 15"),
        ({"peers__tokens_for_90": 39}, "4 tokens, not 10 times fewer than MET, which takes 39"),
        (
            {"peers__tokens_for_90": None, "peers__most_tokens_tried": 30},
            "not 10 times fewer than MET, which was tried with 30 at most",
        ),
    ],
)
def test_what_is_short_is_said(changes: dict[str, Any], said: str) -> None:
    (line,) = shortfalls(document(**changes))
    assert said in line


def test_a_method_that_never_gets_there_is_no_shortfall() -> None:
    assert shortfalls(document(peers__tokens_for_90=None)) == []


def test_every_method_of_the_comparison_has_its_claim() -> None:
    from tests.bench.peers import methods

    source = methods.__file__
    assert source is not None
    with open(source, encoding="utf-8") as text:
        written = text.read()
    assert all(f'name="{name}"' in written for name in PEERS)
