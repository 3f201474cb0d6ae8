"""Does the endpoint obey `tool_choice`?

`auto` leaves the choice to the model, `none` forbids a call, `required` demands one even for small talk, and
a named function demands that one and no other, here one that the question does not call for. Each is asked a
few times; the reference was asked the same while the baseline was recorded, several times. Only what the
reference obeys is held against an endpoint: many engines ignore `required` with some templates, and an
honest host of such an engine is not accused of it. The check fails where a choice is obeyed less often than
by the reference, beyond doubt. A choice that is refused is `unsupported`; where no call comes at all it is
left to the check of tool calls made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verifier.checks import tool_trigger
from verifier.checks.base import Answer, Dialogue, Finding, Observation, Outcome, Status
from verifier.checks.behaving import ask_reference, finding, judged, not_recorded, probe, too_few
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract
from verifier.stats.intervals import wilson
from verifier.suites.cases import ToolCase, tool_cases

MODES = ("auto", "none", "required", "named")
CASES = 5
"""Questions for each choice: the least for which none of them is beyond doubt."""
REPEATS = 3
FEWEST = 3
STAGE = "tool choice"


def run(session: Session) -> Dialogue:
    """Asks a few questions with each choice."""
    known = session.baseline.behaviour.get(CHECK.name)
    if known is None:
        return not_recorded(CHECK)
    size = session.plan.size(CHECK.name, "cases", CASES)
    probes, asked = [], []
    for mode in MODES:
        for case in _cases(mode)[:size]:
            probes.append(probe(CHECK, f"{mode}/{case.id}", _body(session.contract, mode, case)))
            asked.append((mode, case))
    observations = yield from session.ask(probes, STAGE, 0)
    if sum(observation.ok for observation in observations) < FEWEST:
        return too_few(CHECK, session, observations)
    if not any(observation.answer and observation.answer.tool_calls for observation in observations):
        said = "It calls no tool whatever is chosen: see the check of tool calls made."
        return finding(CHECK, Outcome.UNSUPPORTED, said)
    outcomes: dict[str, Outcome] = {}
    details: dict[str, Any] = {}
    for mode in MODES:
        seen = [(c, o) for (m, c), o in zip(asked, observations, strict=True) if m == mode]
        outcomes[mode], details[mode] = _judged(mode, seen, known[mode])
    return _finding(outcomes, details)


def record(recorder: Recorder) -> Recording:
    """How often the reference obeys each choice: `[obeyed, answered]`."""
    bodies = {
        f"{mode}/{case.id}": _body(recorder.contract, mode, case) for mode in MODES for case in _cases(mode)
    }
    answers = yield from ask_reference(CHECK, bodies, REPEATS)
    found = {}
    for mode in MODES:
        kept = [
            obeyed
            for case in _cases(mode)
            for one in answers[f"{mode}/{case.id}"]
            if (obeyed := _obeyed(mode, case, one.answer)) is not None
        ]
        found[mode] = [sum(kept), len(kept)]
    return found


CHECK = Check("tool_choice", "1", "Tool choice", 62, run, "tools", behaviour=True, record=record)


def _cases(mode: str) -> tuple[ToolCase, ...]:
    """`required` is asked where nothing calls for a tool, all others where something does."""
    wanted = [case for case in tool_cases() if (case.tool is None) == (mode == "required")]
    return tuple(wanted[:: len(wanted) // CASES][:CASES])


def _body(contract: Contract, mode: str, case: ToolCase) -> dict[str, Any]:
    choice: Any = mode
    if mode == "named":
        choice = {"type": "function", "function": {"name": _named(case)}}
    return tool_trigger.body(contract, case, tool_choice=choice)


def _named(case: ToolCase) -> str:
    return next(name for name in case.names if name != case.tool)


def _obeyed(mode: str, case: ToolCase, answer: Answer | None) -> bool | None:
    """None where there is no answer, or it ran out of room before a call could be whole."""
    if answer is None:
        return None
    names = {call.name for call in answer.tool_calls}
    if mode == "none":
        return not names
    if answer.finish_reason == "length" and not names:
        return None
    return names == {_named(case)} if mode == "named" else bool(names)


def _judged(
    mode: str, seen: Sequence[tuple[ToolCase, Observation]], reference: Sequence[int]
) -> tuple[Outcome, Mapping[str, Any]]:
    found = [_obeyed(mode, case, observation.answer) for case, observation in seen]
    kept = [obeyed for obeyed in found if obeyed is not None]
    refused = sum(observation.status is Status.UNSUPPORTED for _, observation in seen)
    details = {"obeyed": sum(kept), "answered": len(kept), "refused": refused, "reference": list(reference)}
    if refused > len(kept):
        return Outcome.UNSUPPORTED, details
    if not kept or 2 * reference[0] <= reference[1]:
        return Outcome.INCONCLUSIVE, details
    if mode == "auto":
        # What calls for a tool is the question of another check.
        return Outcome.PASS, details
    return judged((sum(kept), len(kept)), (reference[0], reference[1])), details


def _finding(outcomes: Mapping[str, Outcome], details: Mapping[str, Any]) -> Finding:
    order = (Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.UNSUPPORTED, Outcome.INCONCLUSIVE)
    outcome = next(one for one in order if one in outcomes.values())
    told = {mode: details[mode] for mode in MODES if outcomes[mode] in (Outcome.FAIL, Outcome.WARN)}
    compared = [details[m] for m in MODES if outcomes[m] in (Outcome.FAIL, Outcome.WARN, Outcome.PASS)]
    total = wilson(sum(one["obeyed"] for one in compared), sum(one["answered"] for one in compared))
    parts = [
        f"`{mode}` is obeyed {one['obeyed']} of {one['answered']} times (the reference: "
        f"{one['reference'][0]} of {one['reference'][1]})"
        for mode, one in told.items()
    ]
    passed = [f"`{mode}`" for mode in MODES if outcomes[mode] is Outcome.PASS]
    said = f"It obeys {', '.join(passed)} as the reference does." if passed else "Nothing could be compared."
    if parts:
        said = f"{'; '.join(parts)}."
    refused = [f"`{mode}`" for mode in MODES if outcomes[mode] is Outcome.UNSUPPORTED]
    if refused:
        said += f" It refuses {', '.join(refused)}."
    return finding(
        CHECK,
        outcome,
        said,
        total,
        "share obeyed",
        outcomes={mode: str(one) for mode, one in outcomes.items()},
        **details,
    )
