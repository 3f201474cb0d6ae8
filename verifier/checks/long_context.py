"""How much of a long prompt does the endpoint really read?

A number is hidden near the beginning (1 %), in the middle and near the end (99 %) of prompts of growing
length, and asked for at their end. Only prompts in which the reference itself finds it count, so a model
that is weak with long prompts is not held against its host. The longest of them that the plan allows is
asked first; where a number is lost there, the effective context length is found by bisection, and the same
kind of prompt is asked again to be sure. The check fails where numbers are lost that the reference finds
beyond doubt, or where fewer prompt tokens are counted as well: the prompt was cut silently. A prompt that is
refused for its length is an honest answer, and only told.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verifier.checks.base import Answer, Ask, Dialogue, Finding, Observation, Outcome, Status
from verifier.checks.behaving import (
    Rate,
    ask_reference,
    finding,
    judged,
    not_recorded,
    probe,
    request,
    too_few,
)
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract
from verifier.stats.intervals import wilson
from verifier.suites.needles import Needle

LENGTHS = (512, 724, 1024, 1448, 2048, 2896, 4096, 5792, 8192, 11584, 16384, 23168, 32768)
"""Tokens, about; each the last one times the square root of two."""
DEPTHS = (1, 50, 99)
VARIANTS = 2
"""Prompts at each length and depth that the reference is asked."""
TOKENS = 16
LONGEST = 4096
CONFIRM = 10
"""Further prompts where a number was lost."""
CUT = 0.9
"""Share of the reference's prompt tokens below which a prompt was cut."""
STAGE = "long prompts"


@dataclass(slots=True)
class Seen:
    """What became of the prompts that the reference manages."""

    found: dict[Needle, bool] = field(default_factory=dict)
    cut: list[tuple[int, int]] = field(default_factory=list)
    """Prompt tokens counted, and those of the reference, where they fall short and the number was lost."""
    refused: set[int] = field(default_factory=set)
    observations: list[Observation] = field(default_factory=list)

    def good(self, length: int) -> bool:
        """Whether everything hidden at this length was found."""
        kept = [found for needle, found in self.found.items() if needle.length == length]
        return bool(kept) and all(kept)


def finds(needle: Needle, answer: Answer | None) -> bool | None:
    """Whether the hidden number is the one that the answer gives; None where there is no text."""
    if answer is None or not answer.text.strip():
        return None
    numbers = re.findall(r"\d+", answer.text.replace(",", ""))
    return bool(numbers) and needle.code in numbers


def found_by_reference(known: Mapping[str, Any], length: int, depth: int) -> list[Needle]:
    """What the reference finds of all that is hidden at this length and depth."""
    needles = [Needle(length, depth, variant) for variant in range(VARIANTS)]
    return [needle for needle in needles if known.get(needle.id, {}).get("found")]


def managed(known: Mapping[str, Any], longest: int) -> list[int]:
    """The lengths up to `longest` at which the reference finds something at every depth, without a gap.

    Not everything: a small model misses one in thirty anywhere, and one miss is no limit.
    """
    lengths = []
    for length in LENGTHS:
        if length > longest or not all(found_by_reference(known, length, depth) for depth in DEPTHS):
            break
        lengths.append(length)
    return lengths


def run(session: Session) -> Dialogue:
    """Asks the longest prompts, and shorter ones where a number is lost."""
    recorded = session.baseline.behaviour.get(CHECK.name)
    if recorded is None:
        return not_recorded(CHECK)
    known: Mapping[str, Any] = recorded["needles"]
    lengths = managed(known, session.plan.size(CHECK.name, "longest", LONGEST))
    if not lengths:
        said = "Not asked: the reference itself does not find what is hidden in prompts of these lengths."
        return finding(CHECK, Outcome.UNSUPPORTED, said)
    seen = Seen()
    top = lengths[-1]
    everything = [needle for depth in DEPTHS for needle in found_by_reference(known, top, depth)]
    yield from _look(session, seen, everything, known)
    if not seen.found and not seen.refused:
        return too_few(CHECK, session, seen.observations, "Its answers to long prompts had no text.")
    if seen.good(top):
        return _finding(seen, known, lengths, top)
    low, high = -1, len(lengths) - 1
    while high - low > 1:
        middle = (low + high) // 2
        first = [found_by_reference(known, lengths[middle], depth)[0] for depth in DEPTHS]
        yield from _look(session, seen, first, known)
        low, high = (middle, high) if seen.good(lengths[middle]) else (low, middle)
    lost = [n for n, found in seen.found.items() if not found and n.length == top]
    if lost:
        more = [Needle(top, lost[0].depth, VARIANTS + extra) for extra in range(CONFIRM)]
        yield from _look(session, seen, more, known)
    return _finding(seen, known, lengths, lengths[low] if low >= 0 else 0)


def record(recorder: Recorder) -> Recording:
    """What the reference finds, length by length until it is refused or finds nothing."""
    known: dict[str, Any] = {}
    for length in LENGTHS:
        asked = [Needle(length, depth, variant) for depth in DEPTHS for variant in range(VARIANTS)]
        needles = {needle.id: needle for needle in asked}
        bodies = {name: _body(recorder.contract, needle) for name, needle in needles.items()}
        answers = yield from ask_reference(CHECK, bodies)
        told = {}
        for name, needle in needles.items():
            answer = answers[name][0].answer
            tokens = None if answer is None else answer.prompt_tokens
            told[name] = {"found": bool(finds(needle, answer)), "prompt_tokens": tokens}
        known |= told
        if not any(one["found"] for one in told.values()):
            break
    return {"needles": known}


CHECK = Check("long_context", "2", "Long context", 63, run, "chat answers", behaviour=True, record=record)


def _body(contract: Contract, needle: Needle) -> dict[str, Any]:
    return request(contract, ({"role": "user", "content": needle.prompt},), TOKENS)


def _look(
    session: Session, seen: Seen, needles: Sequence[Needle], known: Mapping[str, Any]
) -> Generator[Ask, Sequence[Observation], None]:
    probes = [probe(CHECK, needle.id, _body(session.contract, needle)) for needle in needles]
    observations = yield from session.ask(probes, STAGE, 0)
    seen.observations += observations
    for needle, observation in zip(needles, observations, strict=True):
        found = finds(needle, observation.answer)
        if observation.status is Status.UNSUPPORTED:
            seen.refused.add(needle.length)
        if found is None:
            continue
        seen.found[needle] = found
        counted = observation.answer.prompt_tokens if observation.answer else None
        expected = known.get(needle.id, {}).get("prompt_tokens")
        if not found and counted is not None and expected and counted < CUT * expected:
            seen.cut.append((counted, expected))


def _rates(seen: Seen, known: Mapping[str, Any], lengths: Sequence[int]) -> tuple[Rate, Rate]:
    """How often the number was found where it was lost most, by the endpoint at the longest prompts and by
    the reference at the same depth of all of them.
    """
    by_depth = {
        depth: [
            f for needle, f in seen.found.items() if (needle.length, needle.depth) == (lengths[-1], depth)
        ]
        for depth in DEPTHS
    }
    worst = min((d for d in DEPTHS if by_depth[d]), key=lambda d: sum(by_depth[d]) / len(by_depth[d]))
    theirs = [
        known[Needle(length, worst, variant).id]["found"] for length in lengths for variant in range(VARIANTS)
    ]
    return (sum(by_depth[worst]), len(by_depth[worst])), (sum(theirs), len(theirs))


def _finding(seen: Seen, known: Mapping[str, Any], lengths: Sequence[int], effective: int) -> Finding:
    def tokens(length: int) -> int:
        counted = known.get(Needle(length, DEPTHS[0], 0).id, {}).get("prompt_tokens")
        return int(counted or length)

    top = lengths[-1]
    asked = [(needle.depth, found) for needle, found in seen.found.items() if needle.length == top]
    details: dict[str, Any] = {
        "longest": tokens(top),
        "effective": tokens(effective) if effective else 0,
        "found": {
            str(d): [sum(f for x, f in asked if x == d), sum(x == d for x, _ in asked)] for d in DEPTHS
        },
        "cut": [list(pair) for pair in seen.cut],
        "refused": sorted(tokens(length) for length in seen.refused),
    }
    share = wilson(sum(seen.found.values()), len(seen.found))
    if effective == top:
        said = f"It finds what stands anywhere in prompts of {tokens(top)} tokens."
        return finding(CHECK, Outcome.PASS, said, share, "share found", **details)
    upto = f"up to {tokens(effective)} tokens" if effective else "of no length that was asked"
    if top in seen.refused and not asked:
        said = (
            f"It refuses prompts of {tokens(top)} tokens, which the reference reads; it reads prompts {upto}."
        )
        return finding(CHECK, Outcome.WARN, said, share, "share found", **details)
    own, theirs = _rates(seen, known, lengths)
    outcome = Outcome.FAIL if len(seen.cut) > 1 else judged(own, theirs)
    details["lost"] = {"own": list(own), "reference": list(theirs)}
    said = f"It misses a few of the facts in prompts of {tokens(top)} tokens, no more than chance explains."
    if outcome is not Outcome.PASS:
        said = (
            f"Of facts that the reference finds in prompts of {tokens(top)} tokens it finds {own[0]} of "
            f"{own[1]}; it reads prompts {upto}."
        )
    if len(seen.cut) > 1:
        counted, expected = seen.cut[0]
        said += f" It counts {counted} prompt tokens where there are {expected}: the prompt is cut."
    return finding(CHECK, outcome, said, share, "share found", **details)
