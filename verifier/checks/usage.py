"""Are the completion tokens that the endpoint reports those that it generated?

Users pay by `usage`. Where an endpoint lists the tokens it generates, the list must be as long as the count,
give or take the end of the text and the characters that take several tokens. An answer that ended at
`max_tokens` has as many tokens as were allowed. And an answer that says word for word what the reference said
at temperature 0 has as many tokens as the reference counted. Read off the answers of other checks wherever
they are long enough; a few ordinary questions are asked for the rest. One token more or less is nobody's
lie: engines differ in whether they count the end of the text. An endpoint that reports no usage is
`unsupported`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from verifier.checks import everyday
from verifier.checks.base import Answer, Ask, Dialogue, Finding, Outcome, Probe
from verifier.checks.everyday import written
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import wilson

STAGE = "usage"
CASES = 3
LEAST = 8
"""Tokens of an answer from which a wrong count is told from a rounding of the end of the text."""
SLACK = 1
"""Tokens more or less that are nobody's lie."""
WRONG = 2
"""Answers with a wrong count from which it is no accident."""


def run(session: Session) -> Dialogue:
    """Asks a few questions, and judges every long enough answer of the run."""
    cases = everyday.chosen(session.rng("everyday"), session.plan.size(CHECK.name, "cases", CASES))
    probes = [everyday.probe("usage/plain", case, session.capabilities.k > 0) for case in cases]
    yield from session.ask(probes, STAGE, 0)
    known: Mapping[str, Any] = session.baseline.behaviour.get(CHECK.name, {}).get("counts", {})
    reported, judged, wrong = 0, 0, []
    for key, observation in session.observations.items():
        probe, answer = session.probes[key], observation.answer
        if answer is None or probe.of_reference or answer.completion_tokens is None:
            continue
        reported += 1
        possible = possible_counts(probe, answer, known)
        if possible is None:
            continue
        judged += 1
        least, most = possible
        if not least - SLACK <= answer.completion_tokens <= most + SLACK:
            wrong.append((answer.completion_tokens, least, most))
    if not judged:
        said = "It reports no completion tokens." if not reported else "No answer was long enough to count."
        return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
    right = wilson(judged - len(wrong), judged)
    assert right is not None
    details = {"wrong": [list(one) for one, _ in Counter(wrong).most_common(8)], "judged": judged}
    numbers = (right.value, right.low, right.high, right.n, "share right", details)
    if not wrong:
        said = f"The completion tokens it reports are those it generated, in {judged} answers."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)
    reported, least, most = wrong[0]
    true = str(least) if least == most else f"{least} to {most}"
    said = (
        f"It reports other completion tokens than it generates in {len(wrong)} of {judged} answers, "
        f"{reported} for {true} in one."
    )
    outcome = Outcome.FAIL if len(wrong) >= WRONG else Outcome.WARN
    return Finding(CHECK.name, CHECK.version, outcome, said, *numbers)


def record(recorder: Recorder) -> Recording:
    """The reference's answers to all questions with their counts: text -> completion tokens."""
    probes = [everyday.probe("usage/plain", case, lists=True) for case in range(len(everyday.QUESTIONS))]
    answers = [o.answer for o in (yield Ask(tuple(probes), STAGE, len(probes))) if o.answer is not None]
    return {
        "counts": {written(a): a.completion_tokens for a in answers if a.completion_tokens and written(a)}
    }


CHECK = Check(
    "usage",
    "1",
    "Token counts",
    46,
    run,
    needs="`usage` in its answers",
    behaviour=True,
    record=record,
)


def possible_counts(probe: Probe, answer: Answer, known: Mapping[str, int]) -> tuple[int, int] | None:
    """(least, most) completion tokens that the answer can have; None where nothing tells, or it is short.

    `known` are the reference's counts by text.
    """
    if answer.tool_calls or answer.others or answer.reasoning:
        return None  # their tokens are no part of the text, and not everybody lists them
    if answer.positions:
        entries = len(answer.positions)
        # An entry may stand for all the tokens of a character, and the end of the text may have none.
        hidden = sum(byte >= 0x80 for byte in b"".join(p.token for p in answer.positions))
        return None if entries < LEAST else (entries, entries + hidden)
    allowed = probe.body.get("max_tokens")
    if answer.finish_reason == "length" and type(allowed) is int and written(answer):
        return None if allowed < LEAST else (allowed, allowed)
    count = known.get(written(answer))
    return None if count is None or count < LEAST else (count, count)
