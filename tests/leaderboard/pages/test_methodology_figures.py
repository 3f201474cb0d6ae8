from __future__ import annotations

from typing import Any

import pytest

from leaderboard.pages import numbers
from leaderboard.pages.methodology_figures import HONEST, bound, figures, tokens
from tests.verifier.scoring.error_budget_fixture import document
from verifier.scoring.error_budget import parse


def made(**changes: Any) -> Any:
    return figures(parse({**document(), **changes}))


def plain(text: str) -> str:
    return text.replace(numbers.THIN, " ")


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.00329, "0.33 %"),
        (0.0033, "0.33 %"),
        (0.308, "31 %"),
        (0.31, "31 %"),
        (0.301, "31 %"),
        (0.9951, "100 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
    ],
)
def test_bounds_are_never_rounded_down(share: float, shown: str) -> None:
    assert plain(bound(share)) == shown


def test_a_median_may_lie_between_two_tokens() -> None:
    assert (tokens(3), tokens(3.5), tokens(None)) == ("3", "3.5", "–")


def test_false_accusations_are_said_of_runs_and_of_stacks() -> None:
    first, second = made().accusations
    assert (first.evidence, plain(first.runs), plain(first.runs_bound)) == (
        "with log-probabilities",
        "0 of 1 120",
        "0.33 %",
    )
    assert (second.stacks, plain(second.stacks_bound)) == ("0 of 2", "85 %")


def test_the_picture_has_the_soonest_first_and_the_honest_below() -> None:
    picture = made().picture
    assert [row.label for row in picture.rows] == [
        "INT4 g64",
        "hidden system prompt",
        "Q8_0",
        "KV cache q8_0",
        "Q6_K",
    ]
    assert [evidence for evidence, _ in picture.rows[0].lanes] == ["logprobs", "text"]
    assert picture.rows[3].lanes[1][1].note.text == "not found in 20 runs"
    assert picture.rows[4].lanes[0][1].note.text == "300 / 480 · in 7 of 20"
    assert plain(picture.reach_share) == "90 %"
    assert [plain(said) for _, said in picture.honest] == ["0 of 1 120 runs accused"] * 2
    assert made(detection=[]).picture is None


def test_the_table_says_whether_a_reach_was_reached() -> None:
    lines = {(line.label, line.evidence): line for line in made().detection}
    short = lines["Q8_0", "by text alone"]
    assert (short.held, short.within, short.reach) == (False, "17 of 20", "80")
    free = lines["Q6_K", "by text alone"]
    assert (free.held, free.reach, free.found, plain(free.interval)) == (None, "", "7 of 20", "15–59 %")
    assert lines["INT4 g64", "with log-probabilities"].named == "weight quantization"
    assert lines["KV cache q8_0", "by text alone"].named == ""


def test_a_name_stands_once_for_its_lines() -> None:
    found = made()
    assert [(line.label, line.rows) for line in found.honest] == [
        ("f32", 2),
        ("f32", 0),
        ("f16, two slots", 2),
        ("f16, two slots", 0),
    ]
    assert sum(line.rows for line in found.detection) == len(found.detection)


def test_causes_named_wrongly_stand_off_the_diagonal() -> None:
    with_logprobs, text = made().confusions
    truth, cells, right = with_logprobs.rows[1]
    assert (truth, right) == ("KV-cache quantization", "17 of 20")
    assert cells == (("3", False), ("17", True), ("", False))
    assert text.columns == ("weight quantization", "none named")


def test_detection_beside_other_methods() -> None:
    table = made().comparison
    assert [method.name for method in table.methods] == ["Assay", "Assay", "MET", "RUT"]
    ((label, cells),) = table.rows
    assert (label, [plain(cell) for cell in cells]) == ("INT4 g64", ["5", "8", "4 000", "> 10 000"])
    assert plain(table.rates[0][2]) == "3 of 20 at 300; 12 of 20 at 10 000"
    assert made(peers=[]).comparison is None


def test_honest_deployments_are_no_degradations_beside_other_methods() -> None:
    budget = document()
    budget["peers"].append({**budget["peers"][0], "deployment": "f32", "label": "f32"})
    table = figures(parse(budget)).comparison
    assert table is not None
    assert [label for label, _ in table.rows] == ["INT4 g64", HONEST]
    accused = [plain(cell) for cell in table.rows[-1][1]]
    assert accused[2:] == ["15 of 40", "–"], "MET's two rates; RUT was not put to it"
    assert accused[0] == plain(made().accusations[0].runs)


def test_where_some_runs_missed_it_their_tokens_do_not_flatter() -> None:
    budget = document()
    row = budget["detection"][0]
    row.update(detected=19, within=19, low=0.75, high=0.999, named={}, verdicts={"deviating": 19, "x": 1})
    (_, cells), *_ = figures(parse(budget)).comparison.rows  # type: ignore[union-attr]
    assert cells[0] == "6", "the largest, not the 90 % quantile of those that found it"
    row.update(detected=7, within=7, low=0.15, high=0.6, verdicts={"deviating": 7, "x": 13})
    (_, cells), *_ = figures(parse(budget)).comparison.rows  # type: ignore[union-attr]
    assert plain(cells[0]) == "not in 90 %"


def test_limits_are_what_is_not_found_in_nine_of_ten_runs() -> None:
    assert [(line.label, line.evidence) for line in made().limits] == [
        ("KV cache q8_0", "by text alone"),
        ("Q6_K", "by text alone"),
    ]
    budget = document()
    found = budget["detection"][0]
    found.update(reach=None, within=None)
    assert found["label"] not in {line.label for line in figures(parse(budget)).limits}, "it is found"
    found.update(detected=17, low=0.62, high=0.97, named={}, verdicts={"deviating": 17, "faithful": 3})
    assert "may be found in fewer than" in figures(parse(budget)).limits[0].why


def test_monitoring_in_a_sentence() -> None:
    said = plain(made().monitoring)
    assert "for 2 400 probes and then became int4-g64: the alarm came after 12 probes" in said
    assert "(median, 12 h at 24 a day; 90 % within 18, all within 25)" in said
    assert "there were 0 alarms, at a threshold of 1.0 × 10⁵" in said
    assert made(monitoring=None).monitoring == ""
