from __future__ import annotations

from typing import Any

from leaderboard import boards, charts, publication
from leaderboard.pages import numbers
from leaderboard.pages.rows import (
    Figure,
    agreement,
    board_rows,
    ladder_rungs,
    other_fidelities,
    row_of,
    rungs,
)
from leaderboard.pages.rows import awaits as awaits_of
from tests.leaderboard.factories import BAND, faithful, result
from tests.leaderboard.pages.test_filters import entry

MODEL = {"id": "1", "org": "o", "name": "m", "precision": "bf16"}
TEXT = {"value": 0.79, "low": 0.74, "high": 0.83, "n": 120, "kind": ""}


def board(*entries: dict[str, Any]) -> dict[str, Any]:
    return boards.build(MODEL, entries)


def test_a_row_has_its_numbers_as_they_are_written() -> None:
    found = board(
        entry("beta", result(speed={"first_token_ms": {"p50": 33.2, "p95": 61, "n": 9}}), what="8-bit")
    )
    (row,) = board_rows(found, found["rows"])
    assert (row.rank, row.fidelity, row.interval) == ("1", Figure("97", ".21"), "96.74–97.63")
    assert (row.declared, row.measured, row.declaration) == ("bf16", "int8", "broken")
    assert (row.decision_tokens, row.completion_tokens) == ("13", "422")
    assert row.latency.replace(numbers.THIN, " ") == "33 ms"
    assert row.about == ("8-bit",), "a board of one provider does not repeat its name"
    assert "95 % interval 96.74–97.63" in row.described
    assert row.track.measure is not None
    assert row.track.measure.x == charts.position(97.21)


def test_providers_are_named_where_there_are_several() -> None:
    found = board(entry("a", result(), "One", what="x"), entry("b", result(), "Two"))
    assert [row.about for row in board_rows(found, found["rows"])] == [("One", "x"), ("Two",)]


def test_ties_open_no_new_band() -> None:
    found = board(
        entry("a", faithful((99.5, 99.4, 99.7))),
        entry("b", faithful((99.4, 99.3, 99.5))),
        entry("c", result()),
    )
    rows = board_rows(found, found["rows"])
    assert [(row.rank, row.opens) for row in rows] == [("=1", True), ("=1", False), ("3", True)]


def test_another_top_k_is_shown_but_not_ranked() -> None:
    found = board(entry("a", result()), entry("b", result()), entry("c", result(k=5)))
    row = board_rows(found, found["rows"])[-1]
    assert (row.rank, row.note) == ("–", "at top-5, not ranked")
    assert row.fidelity is not None
    found = board(
        entry("a", result()), entry("b", result()), entry("c", result(context_types=["first_token"]))
    )
    assert board_rows(found, found["rows"])[-1].note == "other contexts, not ranked"


def test_text_only_shows_agreement_in_place_of_fidelity() -> None:
    band = {**BAND, "fidelity": None}
    text = result(fidelity=None, agreement=TEXT, evidence_level="text", honest_band=band, ladder=None)
    found = board(entry("a", result()), entry("t", text))
    row = board_rows(found, found["rows"])[-1]
    assert row.fidelity is None
    assert row.agreement is not None
    assert row.agreement.value.replace(numbers.THIN, " ") == "79 %"
    assert row.track.measure is None
    assert row.track.band is not None, "the column reads as one picture"
    assert row.described == ""


def test_what_was_not_measured_has_no_numbers() -> None:
    silent = result("not-measured", None, agreement=None, decision_tokens=0, completion_tokens=0)
    found = board(entry("down", silent), entry("new", None))
    for row in board_rows(found, found["rows"]):
        assert (row.rank, row.fidelity, row.agreement, row.decision_tokens) == ("–", None, None, "")
    assert [row.term.word for row in board_rows(found, found["rows"])] == ["not measured", "not yet measured"]


def test_an_undecided_run_has_no_tokens_to_decide() -> None:
    found = board(entry("a", result("inconclusive", decision_tokens=422)))
    assert board_rows(found, found["rows"])[0].decision_tokens == ""


def test_a_row_that_awaits_confirmation_accuses_of_nothing() -> None:
    awaits = {"e_value": 450.0, "needed": 600.0, "among": 30}
    found = board(entry("a", dict(publication.shown(result(), awaits))))
    (row,) = board_rows(found, found["rows"])
    assert (row.term.word, row.awaits) == ("inconclusive", "e-value 450 of 600")
    assert (row.measured, row.declaration, row.cause) == ("", "unknown", "")
    assert row.fidelity is not None
    assert awaits_of(row_of(found, "a")) == awaits
    assert row_of(found, "b") is None
    assert row_of(None, "a") is None
    assert awaits_of(None) is None


def test_rungs_without_a_fidelity_are_left_out() -> None:
    known: list[dict[str, Any]] = [
        {"label": "INT8 per row", "quantization": "int8", "fidelity": 97.4},
        {"label": "x", "fidelity": None},
    ]
    assert rungs(known) == (charts.Rung("INT8", 97.4),)
    assert [(rung.label, rung.fidelity) for rung in ladder_rungs(known)] == [("INT8 per row", "97.4")]
    assert rungs([{"label": "Pruned", "quantization": None, "fidelity": 90}])[0].label == "PRUNED"


def test_the_field_is_the_other_ranked_rows() -> None:
    found = board(entry("a", result()), entry("b", faithful()), entry("new", None))
    assert other_fidelities(found, "a") == (99.54,)
    assert other_fidelities(None, "a") == ()


def test_agreement_in_words() -> None:
    assert agreement({"agreement": TEXT}).replace(numbers.THIN, " ") == "79 % agree (74–83, n 120)"
    assert agreement({"agreement": None}) == ""
