"""Ordinary questions that several checks of behaviour ask, so that one answer serves them all.

Long enough answers to see a parameter obeyed, open enough that draws differ, and the same words for every
endpoint and for the reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from verifier.checks.base import Answer, Probe, Purpose

ANSWER_TOKENS = 24
LISTED = 5
"""Alternatives asked for beside each token, where the endpoint gives any."""
BEGINNING = 20
"""Characters: two answers that differ within them did not part at some near tie further on."""
QUESTIONS = (
    "Tell me a short story about a lighthouse.",
    "Suggest a name for a small bakery and say why.",
    "What could I do on a rainy Sunday?",
    "Describe a street market in the evening.",
    "Write a few lines about the sea in winter.",
    "Give me an idea for a birthday present.",
)


def chosen(rng: np.random.Generator, cases: int) -> list[int]:
    """The places of `cases` of the questions, in an order that `rng` draws."""
    return [int(place) for place in rng.permutation(len(QUESTIONS))[:cases]]


def probe(name: str, case: int, lists: bool, *, asking: int = 0, **more: Any) -> Probe:
    """A request for an answer to a question: at temperature 0 unless `more` says otherwise.

    `lists`: with the likeliest alternatives of each token.
    """
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": QUESTIONS[case]}],
        "max_tokens": ANSWER_TOKENS,
        "temperature": 0.0,
    }
    if lists:
        body |= {"logprobs": True, "top_logprobs": LISTED}
    return Probe(f"{name}/{case}", "chat/completions", body | more, Purpose.BEHAVIOUR, asking=asking)


def written(answer: Answer) -> str:
    """All that a model wrote: its thoughts, and then its answer."""
    return answer.reasoning + answer.text


def part_early(one: Answer, other: Answer) -> bool:
    """Whether two answers differ within the first characters (or the whole of the shorter one).

    Honest arithmetic makes long texts part at near ties now and then, but seldom so soon.
    """
    first, second = written(one).strip()[:BEGINNING], written(other).strip()[:BEGINNING]
    length = min(len(first), len(second))
    return first[:length] != second[:length] or (length == 0 and first != second)
