"""What is asked to see whether a parameter is obeyed, and what the answers say of it.

The reference is put to the same trials when a baseline is recorded: a parameter that shows no effect there
is held against nobody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from verifier.checks import everyday
from verifier.checks.base import Answer, Fault, Observation, Probe
from verifier.checks.everyday import part_early, written

STRAY = 0.5
"""Nats below the likeliest of its own list at which a token was not chosen at temperature 0."""
STRAYS = 2
FEWEST = 3
"""Pairs of answers that must all part early, or all be equal, where a text is all there is to see."""
SHORT = 5
FLOODED = 1000
"""A token that a bias of +100 must make the only one written, whatever it spells."""
REPEATED = 6
"""Times that one word must come before its repetition can be penalised visibly."""
REPETITION = "Write the word yes fifty times, separated by spaces."
REPETITION_TOKENS = 32
SEEDS = (11, 12)


class Verdict(StrEnum):
    """What became of one parameter."""

    OBEYED = "obeyed"
    IGNORED = "ignored"
    """Accepted, and without the effect it must have."""
    REFUSED = "refused"
    """Answered with an error: the endpoint does not offer it, and says so."""
    UNCLEAR = "unclear"
    """No answer, or an answer that shows nothing either way."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The answers of one endpoint, by the names that `first_round` and `second_round` gave the requests."""

    cases: Sequence[int]
    observations: Mapping[str, Observation]

    def answer(self, name: str, case: int) -> Answer | None:
        """The answer to the request called `name` about a question; None without one."""
        found = self.observations.get(f"parameters/{name}/{case}")
        return None if found is None else found.answer

    def answers(self, name: str) -> list[Answer]:
        """All answers to the requests called `name`."""
        return [found for case in self.cases if (found := self.answer(name, case)) is not None]

    def pairs(self, one: str, other: str) -> list[tuple[Answer, Answer]]:
        """The answers to both, question by question."""
        both = [(self.answer(one, case), self.answer(other, case)) for case in self.cases]
        return [(a, b) for a, b in both if a is not None and b is not None]

    def refuses(self, name: str) -> bool:
        """Whether the requests called `name` were refused."""
        found = [self.observations.get(f"parameters/{name}/{case}") for case in self.cases]
        return any(one is not None and one.fault is Fault.REJECTED for one in found)


def first_round(cases: Sequence[int], lists: bool) -> list[Probe]:
    """Everything that can be asked side by side."""
    probes = []
    for case in cases:
        probes += [
            _of("plain", case, lists),
            _of("again", case, lists, asking=1),
            _of("drawn", case, False, temperature=1.0, seed=SEEDS[0]),
            _of("redrawn", case, False, asking=1, temperature=1.0, seed=SEEDS[0]),
            _of("drawn-otherwise", case, False, temperature=1.0, seed=SEEDS[1]),
            _of("top_p", case, lists, temperature=1.0, top_p=0.001),
            _of("presence_penalty", case, False, presence_penalty=2.0),
        ]
    first = cases[0]
    words: dict[str, Any] = {
        "messages": [{"role": "user", "content": REPETITION}],
        "max_tokens": REPETITION_TOKENS,
    }
    return [
        *probes,
        _of("max_tokens", first, lists, max_tokens=SHORT),
        _of("n", first, False, n=2, temperature=1.0, max_tokens=SHORT),
        _of("logit_bias", first, False, max_tokens=SHORT, logit_bias={str(FLOODED): 100}),
        _of("repetition", first, False, **words),
        _of("frequency_penalty", first, False, **words, frequency_penalty=2.0),
    ]


def second_round(seen: Seen) -> list[Probe]:
    """Stop words that are taken from the endpoint's own answers."""
    probes = []
    for case in seen.cases[:2]:
        word = stop_word(seen.answer("plain", case))
        if word:
            probes.append(_of("stop", case, False, stop=[word]))
    return probes


def verdicts(seen: Seen) -> dict[str, Verdict]:
    """What became of each parameter."""
    judged = {
        "temperature": _temperature(seen),
        "top_p": _top_p(seen),
        "max_tokens": _max_tokens(seen),
        "stop": _stop(seen),
        "n": _n(seen),
        "seed": _seed(seen),
        "logit_bias": _logit_bias(seen),
        "frequency_penalty": _frequency_penalty(seen),
        "presence_penalty": _presence_penalty(seen),
    }
    asked_as = {"temperature": "drawn", "seed": "drawn"}
    return {
        name: Verdict.REFUSED if seen.refuses(asked_as.get(name, name)) else verdict
        for name, verdict in judged.items()
    }


def stop_word(answer: Answer | None) -> str:
    """A word from the middle of an answer that has not come before it; "" without one."""
    if answer is None:
        return ""
    text = answer.text
    for found in re.finditer(r"[^\W\d_]{4,}", text):
        inside = len(text) // 4 < found.start() and found.end() < len(text) - 1
        if inside and text.find(found[0]) == found.start():
            return found[0]
    return ""


def strays(answers: Sequence[Answer]) -> tuple[int, int]:
    """(tokens clearly not the likeliest of their own list, tokens with a list)."""
    listed = [position for one in answers for position in one.positions or () if position.top]
    far = [p for p in listed if max(item.logprob for item in p.top) - p.logprob > STRAY]
    return len(far), len(listed)


def _of(name: str, case: int, lists: bool, *, asking: int = 0, **more: Any) -> Probe:
    return everyday.probe(f"parameters/{name}", case, lists, asking=asking, **more)


def _greedy(answers: Sequence[Answer], pairs: Sequence[tuple[Answer, Answer]]) -> Verdict:
    """Whether the likeliest tokens were chosen; `pairs` would then be equal but for honest noise."""
    far, listed = strays(answers)
    if listed:
        return Verdict.IGNORED if far >= STRAYS else Verdict.OBEYED
    parted = [part_early(one, other) for one, other in pairs]
    if not parted:
        return Verdict.UNCLEAR
    if all(parted):
        return Verdict.IGNORED if len(parted) >= FEWEST else Verdict.UNCLEAR
    return Verdict.OBEYED if not any(parted) else Verdict.UNCLEAR


def _temperature(seen: Seen) -> Verdict:
    greedy = _greedy([*seen.answers("plain"), *seen.answers("again")], seen.pairs("plain", "again"))
    drawn = seen.pairs("drawn", "drawn-otherwise")
    if greedy is Verdict.OBEYED and len(drawn) >= FEWEST and all(written(a) == written(b) for a, b in drawn):
        return Verdict.IGNORED  # always the likeliest, at temperature 1 as well
    return greedy


def _top_p(seen: Seen) -> Verdict:
    return _greedy(seen.answers("top_p"), seen.pairs("plain", "top_p"))


def _max_tokens(seen: Seen) -> Verdict:
    answers = seen.answers("max_tokens")
    if not answers or not written(answers[0]).strip():
        return Verdict.UNCLEAR
    (short,) = answers
    # One more: some servers list the end of the text. Without a list, a word is at least a token.
    came = len(written(short).split()) if short.positions is None else len(short.positions)
    return Verdict.IGNORED if came > SHORT + 1 else Verdict.OBEYED


def _stop(seen: Seen) -> Verdict:
    found = Verdict.UNCLEAR
    for whole, stopped in seen.pairs("plain", "stop"):
        word = stop_word(whole)
        # Some servers include the stop word; none writes on after it.
        if stopped.text.partition(word)[2].strip():
            return Verdict.IGNORED
        if len(stopped.text) < len(whole.text):
            found = Verdict.OBEYED
    return found


def _n(seen: Seen) -> Verdict:
    answers = seen.answers("n")
    if not answers:
        return Verdict.UNCLEAR
    return Verdict.OBEYED if answers[0].others else Verdict.IGNORED


def _seed(seen: Seen) -> Verdict:
    parted = [part_early(one, other) for one, other in seen.pairs("drawn", "redrawn")]
    if len(parted) < FEWEST - 1:
        return Verdict.UNCLEAR
    if all(parted):
        return Verdict.IGNORED
    return Verdict.OBEYED if not any(parted) else Verdict.UNCLEAR


def _logit_bias(seen: Seen) -> Verdict:
    pairs = seen.pairs("plain", "logit_bias")
    if not pairs or not written(pairs[0][1]).strip():
        return Verdict.UNCLEAR
    whole, flooded = pairs[0]
    return Verdict.OBEYED if part_early(whole, flooded) else Verdict.IGNORED


def _frequency_penalty(seen: Seen) -> Verdict:
    pairs = seen.pairs("repetition", "frequency_penalty")
    if not pairs:
        return Verdict.UNCLEAR
    plain, penalised = pairs[0]
    words = Counter(re.findall(r"\w+", written(plain).lower()))
    if not words or max(words.values()) < REPEATED:
        return Verdict.UNCLEAR
    return Verdict.IGNORED if written(plain) == written(penalised) else Verdict.OBEYED


def _presence_penalty(seen: Seen) -> Verdict:
    pairs = seen.pairs("plain", "presence_penalty")
    if len(pairs) < FEWEST - 1:
        return Verdict.UNCLEAR
    same = all(written(one) == written(other) for one, other in pairs)
    return Verdict.IGNORED if same else Verdict.OBEYED
