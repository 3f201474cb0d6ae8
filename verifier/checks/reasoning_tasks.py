"""Does the endpoint solve what the reference solves?

Short questions with exactly one right answer, in eight families: sums, products, weekdays, alphabetical
order, letters of a word, rankings, sequences and small stories. The reference answered the same questions
while the baseline was recorded, so the two are paired item by item: the difference of their shares of right
answers is published with its interval (Agresti and Min 2005) and with the smallest difference that so many
items would have shown. The check fails where the endpoint is worse beyond doubt by McNemar's exact test.
Divergence near the baseline does not predict quality; this does, as far as its items reach.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from verifier.checks.base import Answer, Dialogue, Finding, Outcome
from verifier.checks.behaving import (
    BEYOND_DOUBT,
    SUSPECT,
    ask_reference,
    finding,
    not_recorded,
    probe,
    request,
    too_few,
)
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract
from verifier.stats.paired import detectable_difference, discordant, mcnemar_worse, paired_difference
from verifier.suites.cases import Item, items

TOKENS = 32
REPEATS = 2
"""How often the reference is asked each item: the second answers tell how much it wavers."""
CASES = 50
FEWEST = 20
"""Pairs below which nothing is said."""
INSTRUCTION = "Reply with the answer only."
STAGE = "reasoning tasks"

Pair = tuple[bool, bool]


def is_right(item: Item, answer: Answer | None) -> bool | None:
    """Whether an answer is right: its last number, or the last of the item's options in it, is the answer.

    None where there is no text: what a thinking model wrote elsewhere is no answer, and no mistake either.
    """
    if answer is None or not answer.text.strip():
        return None
    if item.options:
        text = answer.text.lower()
        places = {option: text.rfind(option.lower()) for option in item.options}
        last = max(places, key=lambda option: places[option])
        return places[last] >= 0 and last == item.answer
    numbers = re.findall(r"(?<!\d)-?\d{1,18}(?!\d)", re.sub(r"(?<=\d),(?=\d{3})", "", answer.text))
    return bool(numbers) and int(numbers[-1]) == int(item.answer)


def run(session: Session) -> Dialogue:
    """Asks each item once."""
    known = session.baseline.behaviour.get(CHECK.name)
    if known is None:
        return not_recorded(CHECK)
    right: Mapping[str, Sequence[bool | None]] = known["right"]
    usable = [item for item in items() if any(one is not None for one in right.get(item.id, ()))]
    order = session.rng(CHECK.name).permutation(len(usable))
    drawn = [usable[int(i)] for i in order][: session.plan.size(CHECK.name, "cases", CASES)]
    probes = [probe(CHECK, item.id, _body(session.contract, item)) for item in drawn]
    observations = yield from session.ask(probes, STAGE, 0)
    pairs: list[tuple[Item, Pair]] = []
    for item, observation in zip(drawn, observations, strict=True):
        own = is_right(item, observation.answer)
        theirs = next(one for one in right[item.id] if one is not None)
        if own is not None:
            pairs.append((item, (own, theirs)))
    if len(pairs) < FEWEST:
        return too_few(CHECK, session, observations, "Too few of its answers had any text.")
    return _finding(pairs, _wavering(right), len(drawn))


def record(recorder: Recorder) -> Recording:
    """Which items the reference solves, each asked twice."""
    bodies = {item.id: _body(recorder.contract, item) for item in items()}
    answers = yield from ask_reference(CHECK, bodies, REPEATS)
    return {"right": {item.id: [is_right(item, one.answer) for one in answers[item.id]] for item in items()}}


CHECK = Check(
    "reasoning_tasks", "1", "Reasoning tasks", 64, run, "chat answers", behaviour=True, record=record
)


def _body(contract: Contract, item: Item) -> dict[str, Any]:
    return request(contract, ({"role": "user", "content": f"{item.question} {INSTRUCTION}"},), TOKENS)


def _wavering(right: Mapping[str, Sequence[bool | None]]) -> float:
    """The share of items on which the reference's answers are not of one mind."""
    known = [[one for one in found if one is not None] for found in right.values()]
    several = [found for found in known if len(found) > 1]
    return sum(len(set(found)) > 1 for found in several) / len(several) if several else 0.0


def _finding(found: Sequence[tuple[Item, Pair]], wavering: float, asked: int) -> Finding:
    pairs = [pair for _, pair in found]
    n = len(pairs)
    difference = paired_difference(pairs)
    assert difference is not None
    detectable = detectable_difference(n, sum(discordant(pairs)) / n)
    p = mcnemar_worse(pairs)
    own, theirs = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    lost = Counter(item.family for item, (a, b) in found if b and not a)
    details: dict[str, Any] = {
        "right": own,
        "reference_right": theirs,
        "asked": asked,
        "p_value": p,
        "detectable": detectable,
        "reference_wavering": wavering,
        "lost": dict(sorted(lost.items())),
    }
    said = f"It solves {own} of {n} items, the reference {theirs} of the same."
    if detectable is not None:
        said += f" So many would show a difference of {100 * detectable:.0f} points."
    outcome = Outcome.PASS if p > SUSPECT else Outcome.FAIL if p <= BEYOND_DOUBT else Outcome.WARN
    if outcome is not Outcome.PASS:
        said += f" It loses most in: {', '.join(name for name, _ in lost.most_common(3))}."
    return finding(CHECK, outcome, said, difference, "difference of shares right", **details)
