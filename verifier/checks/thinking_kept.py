"""Are a thinking model's thoughts kept apart from its answer?

Where the makers promise a field of its own for the reasoning (the model's contract says which), the thoughts
must stand there and the answer must not hold them; where thinking can be switched off, there must be none. A
host whose parser is missing or wrong leaves `<think>` in the text, loses the thoughts, or returns nothing
else than thoughts. Simple questions are asked with thinking on and off, the reference was asked the same
while the baseline was recorded, and only what it keeps is held against an endpoint. Unsupported for models
whose makers promise no such field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from verifier.checks.base import Answer, Dialogue, Finding, Observation, Outcome
from verifier.checks.behaving import ask_reference, finding, judged, not_recorded, probe, request, too_few
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract
from verifier.stats.intervals import wilson
from verifier.suites.cases import Item, items

TOKENS = {"on": 1024, "off": 128}
CASES = 5
"""Questions with thinking on and off each: the least for which none of them is beyond doubt."""
REPEATS = 3
FEWEST = 3
MARKS = ("<think", "</think", "<|think", "◁think▷", "<|channel|>analysis", "<reasoning>")
"""What thoughts look like that were left in the text."""
STAGE = "thinking"


def fault_of(mode: str, answer: Answer | None) -> str | None:
    """What is wrong with an answer when thinking was switched `mode`; "" for nothing, None where it cannot be
    told: there is no answer, or it ran out of room before its text began.
    """
    if answer is None or (answer.finish_reason == "length" and not answer.text.strip()):
        return None
    if any(mark in answer.text.lower() for mark in MARKS):
        return "hold the thoughts in the text"
    if not answer.text.strip():
        return "have no text beside the thoughts" if answer.reasoning else "have no text"
    if mode == "on":
        return "" if answer.reasoning.strip() else "come without the thoughts"
    return "come with thoughts although thinking is off" if answer.reasoning.strip() else ""


def run(session: Session) -> Dialogue:
    """Asks a few questions with thinking on, and off where that can be."""
    if not session.contract.reasoning_field:
        said = "Not asked: the model's makers promise no field for its reasoning."
        return finding(CHECK, Outcome.UNSUPPORTED, said)
    known = session.baseline.behaviour.get(CHECK.name)
    if known is None or not known:
        return not_recorded(CHECK)
    size = session.plan.size(CHECK.name, "cases", CASES)
    asked = [(mode, item) for mode in _modes(session.contract) for item in _cases()[:size]]
    probes = [probe(CHECK, f"{mode}/{item.id}", _body(session.contract, mode, item)) for mode, item in asked]
    observations = yield from session.ask(probes, STAGE, 0)
    found: dict[str, list[str]] = {mode: [] for mode in _modes(session.contract)}
    for (mode, _), observation in zip(asked, observations, strict=True):
        fault = fault_of(mode, observation.answer)
        if fault is not None:
            found[mode].append(fault)
    if sum(map(len, found.values())) < FEWEST:
        return too_few(CHECK, session, observations, "Its answers ran out of room while it was thinking.")
    return _finding(found, known)


def record(recorder: Recorder) -> Recording:
    """How many of the reference's answers are as they should be: `[right, answers]` by mode."""
    if not recorder.contract.reasoning_field:
        return {}
    modes = _modes(recorder.contract)
    bodies = {f"{m}/{item.id}": _body(recorder.contract, m, item) for m in modes for item in _cases()}
    answers = yield from ask_reference(CHECK, bodies, REPEATS)
    return {
        mode: _right(mode, [one for i in _cases() for one in answers[f"{mode}/{i.id}"]]) for mode in modes
    }


CHECK = Check(
    "thinking_kept", "1", "Thinking kept apart", 65, run, "a thinking model", behaviour=True, record=record
)


def _cases() -> tuple[Item, ...]:
    """One question of each of the first families."""
    return tuple({item.family: item for item in reversed(items())}.values())[:CASES]


def _modes(contract: Contract) -> tuple[str, ...]:
    return ("on",) if contract.thinking_off is None else ("on", "off")


def _body(contract: Contract, mode: str, item: Item) -> dict[str, Any]:
    body = request(contract, ({"role": "user", "content": item.question},), 1)
    switched = (contract.thinking_on if mode == "on" else contract.thinking_off) or {}
    plain = {name: value for name, value in body.items() if name not in (contract.thinking_off or {})}
    return {**plain, "max_tokens": TOKENS[mode], **switched}


def _right(mode: str, observations: Sequence[Observation]) -> list[int]:
    faults = [fault_of(mode, observation.answer) for observation in observations]
    return [faults.count(""), len(faults) - faults.count(None)]


def _finding(found: Mapping[str, Sequence[str]], reference: Mapping[str, Sequence[int]]) -> Finding:
    order = (Outcome.FAIL, Outcome.WARN, Outcome.PASS)
    outcomes = {
        mode: judged((list(faults).count(""), len(faults)), (reference[mode][0], reference[mode][1]))
        for mode, faults in found.items()
    }
    outcome = next(one for one in order if one in outcomes.values())
    every = [fault for faults in found.values() for fault in faults]
    wrong = Counter(fault for fault in every if fault)
    said = "Its thoughts are kept apart from its answers."
    if wrong:
        said = "; ".join(f"{times} of {len(every)} answers {fault}" for fault, times in wrong.most_common())
        said = f"{said}."
    details: dict[str, Any] = {
        mode: {"right": list(faults).count(""), "answers": len(faults), "reference": list(reference[mode])}
        for mode, faults in found.items()
    }
    details["faults"] = dict(sorted(wrong.items()))
    kept = wilson(every.count(""), len(every))
    return finding(CHECK, outcome, said, kept, "share kept apart", **details)
