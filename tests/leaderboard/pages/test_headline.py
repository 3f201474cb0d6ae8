from __future__ import annotations

from typing import Any

import pytest

from leaderboard import publication
from leaderboard.pages import numbers, words
from leaderboard.pages.headline import board_sentence, headline, numbers_sentence
from tests.leaderboard.factories import faithful, result

MODEL = "SmolLM2-135M-Instruct"
NOTHING: dict[str, Any] = {"measured": None, "state": "unknown", "nearest": None}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (None, "Not yet measured"),
        (faithful(), f"Faithful: it answers as the official weights of {MODEL} do"),
        (result(), "Deviating: declared bf16, measured closest to INT8 per row"),
        (result(state="undeclared", declared=""), "Deviating: closest to INT8 per row"),
        (result(state="kept", declared="fp8"), "Deviating from the release, and declared so: fp8"),
        (result(**NOTHING), "Deviating: not what the official weights answer"),
        (
            result(cause={"name": "hidden prompt", "support": 1.0, "evidence": ""}),
            "Deviating: most likely a hidden prompt stands before every question",
        ),
        (result("different-model", **NOTHING), f"Different model: these are not the weights of {MODEL}"),
        (result("inconclusive", **NOTHING), "Inconclusive: the evidence gathered does not decide"),
        (
            result("insufficient-access", None, **NOTHING),
            "Insufficient access: it shows too little of its answers to be judged",
        ),
        (
            result("not-measured", None, stopped_because="endpoint-down", **NOTHING),
            "Not measured: the endpoint did not answer",
        ),
        (
            result("not-measured", None, stopped_because="refused", **NOTHING),
            "Not measured: the endpoint refused the requests",
        ),
        (
            result("not-measured", None, stopped_because="interrupted", **NOTHING),
            "Not measured: the run gave no usable answers",
        ),
    ],
)
def test_the_verdict_in_one_sentence(found: dict[str, Any] | None, sentence: str) -> None:
    assert str(headline(found, MODEL)) == sentence


def test_only_a_broken_declaration_is_worded_as_an_accusation() -> None:
    for state in ("kept", "undeclared", "unknown"):
        assert "declared bf16, measured" not in str(headline(result(state=state), MODEL))


def test_the_numbers_in_words() -> None:
    said = (
        numbers_sentence(result(fidelity=(78.3, 76.2, 80.3), decision_tokens=4))
        .replace(numbers.THIN, " ")
        .replace(numbers.SPACE, " ")
    )
    assert said == (
        "At most 78.3 of 100 next tokens would be the same as from the official weights (95 % interval "
        "76.2–80.3, 412 contexts of 130 prompts); honest deployments stay above 99.4. "
        "Decided after 4 tokens at α = 1 %."
    )
    assert "Decided after 1\u00a0token at" in numbers_sentence(result(decision_tokens=1))


def test_text_alone_speaks_of_agreement() -> None:
    agreement = {"value": 0.79, "low": 0.74, "high": 0.83, "n": 120, "kind": ""}
    said = (
        numbers_sentence(result(fidelity=None, agreement=agreement))
        .replace(numbers.THIN, " ")
        .replace(numbers.SPACE, " ")
    )
    assert "the same token in 79 % of 120 (74–83 %)" in said
    assert "fidelity" not in said.lower()


def test_what_awaits_confirmation_says_how_much_it_takes() -> None:
    awaits = {"e_value": 450.0, "needed": 600.0, "among": 30}
    found = publication.shown(result(), awaits)
    assert str(headline(found, MODEL)) == "Inconclusive: the evidence awaits confirmation"
    said = numbers_sentence(found).replace(numbers.THIN, " ")
    assert "The evidence of a deviation so far is e = 450; among 30 endpoints it takes 600" in said
    assert "Decided" not in said


def test_what_has_no_number_says_why() -> None:
    undecided = numbers_sentence(result("inconclusive", stopped_because="budget"))
    assert undecided.endswith("Undecided when it ended: the budget was used up.")
    silent = result("not-measured", None, agreement=None, sentence="Not measured: no answer: timeout.")
    assert numbers_sentence(silent) == "no answer: timeout."
    caused = result(cause={"name": "hidden prompt", "evidence": "It counts 13 tokens more."})
    assert "It counts 13 tokens more." in numbers_sentence(caused)
    assert numbers_sentence({}) == ""


def row(verdict: str | None) -> dict[str, Any]:
    return {"result": None if verdict is None else {"verdict": verdict}}


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ([], "No endpoint of this model is listed yet."),
        ([None, None], "2 endpoints listed, not yet measured."),
        (["not-measured"], "1 endpoint listed, not yet measured."),
        (["faithful"], "1 of 1 endpoint measured does."),
        (
            ["faithful", "faithful", "deviating", "different-model", "inconclusive", None],
            "2 of 5 endpoints measured do; 2 deviate; 1 undecided.",
        ),
        (["deviating"], "0 of 1 endpoint measured do; 1 deviates."),
    ],
)
def test_the_answer_of_a_board(verdicts: list[str | None], sentence: str) -> None:
    assert board_sentence([row(verdict) for verdict in verdicts]) == sentence


def test_the_terms_are_those_of_the_vocabulary() -> None:
    assert headline(result(), MODEL).term is words.VERDICTS["deviating"]
