from __future__ import annotations

import json

from leaderboard import boards
from tests.leaderboard.factories import faithful, result
from tests.leaderboard.pages.test_filters import entry

MODEL = {"id": "1", "org": "o", "name": "m", "precision": "bf16"}


def test_ranked_rows_come_first_then_what_is_known_then_what_is_not() -> None:
    text = result(fidelity=None, evidence_level="text")
    silent = result("not-measured", None)
    board = boards.build(
        MODEL,
        [
            entry("new", None),
            entry("silent", silent),
            entry("text", text),
            entry("low", result(fidelity=(78.3, 76.2, 80.3))),
            entry("high", faithful()),
        ],
    )
    assert [row["endpoint"]["label"] for row in board["rows"]] == ["high", "low", "text", "silent", "new"]
    assert [row["rank"] for row in board["rows"]] == [
        {"place": 1, "tied": False},
        {"place": 2, "tied": False},
        None,
        None,
        None,
    ]


def test_only_what_was_measured_on_the_same_terms_is_ranked_together() -> None:
    board = boards.build(
        MODEL, [entry("a", result()), entry("b", result(k=5)), entry("c", result()), entry("d", result(k=5))]
    )
    assert board["terms"] == {"k": 20, "context_types": ["chat_prefix", "first_token"]}, (
        "of equals the larger k"
    )
    assert [row["rank"] is not None for row in board["rows"]] == [True, True, False, False]
    assert boards.common_terms([]) is None


def test_what_gives_its_common_k_is_compared_there() -> None:
    common = {"k": 5, "value": 98.1, "low": 97.7, "high": 98.5, "honest_band": {"fidelity": 99.6}}
    longer = result(k=20, fidelity_common={**common, "ladder": {"nearest": None, "rungs": []}})
    board = boards.build(MODEL, [entry("longer lists", longer), entry("short lists", result(k=5))])
    assert board["terms"]["k"] == 5
    assert [row["rank"]["place"] for row in board["rows"]] == [1, 2]
    assert board["rows"][0]["result"]["fidelity"] == {"value": 98.1, "low": 97.7, "high": 98.5}
    assert board["rows"][0]["result"]["honest_band"] == {"fidelity": 99.6}
    alone = result(k=20, fidelity_common={"k": 5, "value": 98.1, "low": 97.7, "high": 98.5})
    (row,) = boards.build(MODEL, [entry("without a band of its own", alone)])["rows"]
    assert row["result"]["k"] == 20, "a dot is never drawn over the band of another k"


def test_the_scale_is_that_of_the_latest_ranked_run() -> None:
    older = {**result(honest_band={"fidelity": 99.0}), "ended": "2026-11-20T12:00:00"}
    newer = {**result(honest_band={"fidelity": 99.4}), "ended": "2026-11-23T12:00:00"}
    board = boards.build(MODEL, [entry("a", newer), entry("b", older)])
    assert board["honest_band"] == {"fidelity": 99.4}
    assert [rung["quantization"] for rung in board["rungs"]] == ["int8", "fp8", "int4"]
    assert board["suite"].startswith("core 1.0")


def test_a_board_without_runs() -> None:
    board = boards.build(MODEL, [entry("new", None)])
    assert (board["terms"], board["honest_band"], board["rungs"], board["suite"]) == (None, None, [], None)
    assert boards.build(MODEL, [])["rows"] == []


def test_a_board_is_json_and_keeps_no_more_than_it_shows() -> None:
    board = boards.build(MODEL, [entry("a", result(findings=[{"details": "x" * 100_000}]))])
    assert len(json.dumps(board)) < 4_000
    assert "base_url" not in json.dumps(board)


def test_who_is_far_faster_or_cheaper_than_the_field_is_flagged_and_ranked_as_ever() -> None:
    entries = []
    for place, (milliseconds, price) in enumerate([(300, 2), (320, 2.2), (280, 1.9), (310, 2.1), (30, 0.2)]):
        speed = {"first_token_ms": {"p50": milliseconds, "p95": 900.0, "n": 100}}
        one = entry(f"e{place}", result(speed=speed))
        entries.append({**one, "endpoint": {**one["endpoint"], "price_in": price, "price_out": price}})
    board = boards.build(MODEL, entries)
    flagged = {row["endpoint"]["label"]: [flag["kind"] for flag in row["flags"]] for row in board["rows"]}
    assert flagged == {"e0": [], "e1": [], "e2": [], "e3": [], "e4": ["fast", "cheap"]}
    assert all(flag["n"] == 5 and flag["z"] < -3.5 for flag in board["rows"][-1]["flags"])
    assert {row["rank"]["place"] for row in board["rows"]} == {1}
    few = boards.build(MODEL, entries[1:])
    assert not any(row["flags"] for row in few["rows"])
