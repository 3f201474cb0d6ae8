from __future__ import annotations

from leaderboard import withholding
from leaderboard.withholding import SAID, UNLISTED
from tests.leaderboard import factories


def hexed(*texts: str) -> list[str]:
    return [text.encode().hex() for text in texts]


def test_an_answer_keeps_its_numbers_and_no_text() -> None:
    the, a, moon, sun = hexed("The", "A", " moon", " sun")
    stored = {
        "key": "h001/greedy",
        "status": "ok",
        "elapsed": 0.3,
        "detail": "it echoed: The moon",
        "answer": {
            "text": "The moon",
            "reasoning": "of heaven",
            "tool_calls": [["1", "moon", "{}"]],
            "others": ["The sun"],
            "completion_tokens": 2,
            "positions": [
                {"token": the, "logprob": -0.1, "top": [[the, -0.1], [a, -2.5]]},
                {"token": moon, "logprob": -9.0, "top": [[sun, -0.1], [the, -2.0]]},
            ],
        },
    }
    first, second, unlisted = hexed("#1", "#2", UNLISTED)
    assert withholding.payload(stored) == {
        "key": "h001/greedy",
        "status": "ok",
        "elapsed": 0.3,
        "answer": {
            "completion_tokens": 2,
            "text": SAID,
            "positions": [
                {"token": first, "logprob": -0.1, "top": [[first, -0.1], [second, -2.5]]},
                # Numbered anew: nothing tells that "The" is the same token as before.
                {"token": unlisted, "logprob": -9.0, "top": [[first, -0.1], [second, -2.0]]},
            ],
        },
    }


def test_what_has_no_answer_stays_without() -> None:
    assert withholding.payload({"status": "faulty", "detail": "x"}) == {"status": "faulty"}
    assert withholding.payload({"answer": {"text": "x"}}) == {"answer": {"text": SAID}}


def test_both_sides_of_a_context_use_the_same_numbers() -> None:
    found = withholding.context(factories.divergent())
    assert (found["prompt"], found["prefix"], found["tv"]) == (None, None, 0.41)
    assert [one["token"] for one in found["endpoint"]] == ["#1", "#2", "#3", "#4"]
    assert [one["token"] for one in found["reference"]] == ["#2", "#1", "#3", "#5"]
    assert withholding.context({"tv": 0.1})["reference"] == []
