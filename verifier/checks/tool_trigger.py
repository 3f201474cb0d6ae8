"""Does the endpoint call a tool when the reference does, and not when it does not?

Questions with a few tools beside them, half of which call for one. An answer counts as a call when its
`finish_reason` is `tool_calls`, as the K2 Vendor Verifier has it. What is right is what the reference does
with the same question: it is asked each of them several times while the baseline is recorded, so that its
own wavering is known. F1 compares the endpoint's calls with the reference's majority; beside it stands the
F1 that the reference reaches against itself. The check fails where the endpoint agrees with the reference
less than the reference with itself, beyond doubt and by 20 points or more. An endpoint that refuses `tools`
is `unsupported`, and so is the check where the reference itself hardly calls any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verifier.checks.base import Answer, Dialogue, Finding, Outcome
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
from verifier.stats.f1 import f1
from verifier.suites.cases import ToolCase, tool_cases

CALLS = "tool_calls"
TOKENS = 160
"""Room for a call or a short answer."""
REPEATS = 3
"""How often the reference is asked each question."""
CASES = 24
FEWEST = 3
"""Questions that the reference must call a tool for, and answers that must come."""
MARKS = ("<tool_call", "<|tool_call", "[tool_calls]", "<function=", '"arguments":')
"""What a call looks like that was left in the text."""
STAGE = "tool calls"

Labels = Mapping[str, Sequence[bool | None]]


def body(contract: Contract, case: ToolCase, **more: Any) -> dict[str, Any]:
    """The request for one question with its tools."""
    return request(contract, case.messages, TOKENS, tools=list(case.tools), **{"tool_choice": "auto", **more})


def called(answer: Answer | None) -> bool | None:
    """Whether the answer is a call; None where it ran out of room or there is none."""
    if answer is None or (answer.finish_reason == "length" and not answer.tool_calls):
        return None
    return answer.finish_reason == CALLS


def majority(labels: Sequence[bool | None]) -> bool | None:
    """What most of the answers to a question were; None where they are split or there is none."""
    known = [label for label in labels if label is not None]
    if 2 * sum(known) == len(known):
        return None
    return 2 * sum(known) > len(known)


def drawn(session: Session, labels: Labels) -> list[ToolCase]:
    """As many of the questions as the plan says, half of them such that the reference calls a tool."""
    size = session.plan.size(CHECK.name, "cases", CASES)
    rng = session.rng(CHECK.name)
    cases = [tool_cases()[int(i)] for i in rng.permutation(len(tool_cases()))]
    calls = [case for case in cases if majority(labels.get(case.id, ())) is True]
    others = [case for case in cases if majority(labels.get(case.id, ())) is False]
    half = max(size // 2, size - len(others))
    return sorted([*calls[:half], *others[: size - len(calls[:half])]], key=lambda case: case.id)


def run(session: Session) -> Dialogue:
    """Asks each question once."""
    known = session.baseline.behaviour.get(CHECK.name)
    if known is None:
        return not_recorded(CHECK)
    labels: Labels = known["labels"]
    cases = drawn(session, labels)
    if sum(majority(labels[case.id]) is True for case in cases) < FEWEST:
        return finding(CHECK, Outcome.UNSUPPORTED, "Not asked: the reference itself hardly calls tools.")
    probes = [probe(CHECK, case.id, body(session.contract, case)) for case in cases]
    observations = yield from session.ask(probes, STAGE, 0)
    pairs: list[tuple[bool, bool]] = []
    for case, observation in zip(cases, observations, strict=True):
        own, right = called(observation.answer), majority(labels[case.id])
        if own is not None and right is not None:
            pairs.append((own, right))
    if len(pairs) < FEWEST or not any(right for _, right in pairs):
        return too_few(CHECK, session, observations, "Its answers ran out of room before they were done.")
    answers = [observation.answer for observation in observations if observation.answer]
    return _finding(pairs, labels, [case.id for case in cases], answers)


def record(recorder: Recorder) -> Recording:
    """What the reference does with every question, several times."""
    bodies = {case.id: body(recorder.contract, case) for case in tool_cases()}
    answers = yield from ask_reference(CHECK, bodies, REPEATS)
    return {"labels": {name: [called(one.answer) for one in found] for name, found in answers.items()}}


CHECK = Check("tool_trigger", "1", "Tool calls made", 60, run, "tools", behaviour=True, record=record)


def against_itself(labels: Labels, cases: Sequence[str]) -> list[tuple[bool, bool]]:
    """Each of the reference's answers with the majority of its other answers to the same question."""
    pairs = []
    for case in cases:
        for index, label in enumerate(labels[case]):
            others = majority([other for place, other in enumerate(labels[case]) if place != index])
            if label is not None and others is not None:
                pairs.append((label, others))
    return pairs


def _finding(
    pairs: list[tuple[bool, bool]], labels: Labels, cases: list[str], answers: list[Answer]
) -> Finding:
    own, reference = _counts(pairs), _counts(against_itself(labels, cases))
    tp, fp, fn, _ = own
    best = f1(*reference[:3])
    in_text = sum(not one.tool_calls and any(m in one.text.lower() for m in MARKS) for one in answers)
    details: dict[str, Any] = {
        "true_positives": tp,
        "false_positives": fp,
        "false_negatives": fn,
        "asked": len(cases),
        "compared": len(pairs),
        "reference_f1": None if best is None else best.value,
        "calls_left_in_text": in_text,
        "calls_without_finish_reason": sum(bool(a.tool_calls) and a.finish_reason != CALLS for a in answers),
    }
    outcome = judged(_agreement(own), _agreement(reference))
    said = f"It calls a tool where the reference does: {tp} of {tp + fn}, and {fp} times where it does not."
    if outcome is not Outcome.PASS:
        said = f"It calls a tool in {tp} of the {tp + fn} questions for which the reference does"
        said += f", and in {fp} for which it does not." if fp else "."
        if not tp and not fp:
            said = (
                f"It called no tool in {tp + fn} questions for which the reference does: tools are ignored."
            )
    if in_text and outcome is not Outcome.PASS:
        said += f" {in_text} times the call was left in the text of the answer."
    return finding(CHECK, outcome, said, f1(tp, fp, fn), "F1", **details)


def _counts(pairs: Sequence[tuple[bool, bool]]) -> tuple[int, int, int, int]:
    """True positives, false positives, false negatives, true negatives of (label, right label)."""
    cells = [(True, True), (True, False), (False, True), (False, False)]
    a, b, c, d = (pairs.count(cell) for cell in cells)
    return a, b, c, d


def _agreement(counts: tuple[int, int, int, int]) -> Rate:
    return counts[0] + counts[3], sum(counts)
