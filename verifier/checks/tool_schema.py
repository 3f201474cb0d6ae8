"""Are the tool calls that the endpoint hands over valid?

A call is valid when its tool was offered, its arguments parse as JSON, and they satisfy the tool's JSON
Schema (K2 Vendor Verifier, Kimi Vendor Verifier). Questions for which the reference calls a tool are asked,
some of them once more as a stream, whose fragments are put together. The share of valid calls is compared
with the reference's own on the same questions, so a weak model is not held against its host: the check fails
where it is lower beyond doubt and by 20 points or more, and warns of any invalid call where the reference
makes none. What is wrong is named: a code fence around the arguments, arguments cut off, a tool that was not
offered, a missing argument and so on.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from verifier.checks import tool_trigger
from verifier.checks.base import Answer, Dialogue, Finding, Observation, Outcome, ToolCall
from verifier.checks.behaving import (
    Rate,
    ask_reference,
    finding,
    judged,
    not_recorded,
    probe,
    streaming,
    too_few,
)
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import wilson
from verifier.suites.cases import ToolCase, tool_cases

CASES = 12
STREAMED = 8
FEWEST = 3
"""Calls that must come."""
STAGE = "tool arguments"
GRAVITY = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)
CAUSES = {
    "additionalProperties": "an argument that the tool does not have",
    "required": "a missing argument",
    "type": "an argument of another type",
    "enum": "a value that is not among those allowed",
}
"""What a violated keyword of JSON Schema means."""


def fault_of(call: ToolCall, tools: Sequence[Mapping[str, Any]]) -> str | None:
    """What is wrong with a call, in plain words; None for a valid one."""
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}
    if call.name not in schemas:
        return "a tool that was not offered"
    text = call.arguments.strip()
    try:
        arguments = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _unparsed(text)
    if isinstance(arguments, str):
        return "arguments encoded twice"
    if not isinstance(arguments, dict):
        return "arguments that are no object"
    try:
        error = next(Draft202012Validator(schemas[call.name]).iter_errors(arguments), None)
    except RecursionError:
        return "arguments nested too deeply"
    if error is None:
        return None
    return CAUSES.get(str(error.validator), "a value that the schema does not allow")


def faults_of(answer: Answer | None, case: ToolCase) -> list[str | None]:
    """What is wrong with each call of an answer; none of an answer that ran out of room."""
    if answer is None or answer.finish_reason == "length":
        return []
    return [fault_of(call, case.tools) for call in answer.tool_calls]


def run(session: Session) -> Dialogue:
    """Asks questions that call for a tool, in one piece and as a stream."""
    known = session.baseline.behaviour.get(CHECK.name)
    if known is None:
        return not_recorded(CHECK)
    cases = [case for case in _order(session) if known["calls"].get(case.id)]
    cases = cases[: session.plan.size(CHECK.name, "cases", CASES)]
    if not cases:
        return finding(CHECK, Outcome.UNSUPPORTED, "Not asked: the reference itself hardly calls tools.")
    streamed = cases[: session.plan.size(CHECK.name, "streamed", STREAMED)]
    bodies = {case.id: tool_trigger.body(session.contract, case) for case in cases}
    probes = [probe(CHECK, case.id, bodies[case.id]) for case in cases]
    probes += [probe(CHECK, f"{case.id}/stream", streaming(bodies[case.id])) for case in streamed]
    observations = yield from session.ask(probes, STAGE, 0)
    whole = _faults(cases, observations[: len(cases)])
    pieces = _faults(streamed, observations[len(cases) :])
    if len(whole) + len(pieces) < FEWEST:
        return too_few(CHECK, session, observations, "It called too few tools for its calls to be judged.")
    reference = [0, 0]
    for case in cases:
        reference[0] += known["calls"][case.id][0]
        reference[1] += known["calls"][case.id][1]
    return _finding(whole, pieces, (reference[0], reference[1]))


def record(recorder: Recorder) -> Recording:
    """How many of the reference's own calls are valid, by question: `[valid, all]`."""
    bodies: dict[str, dict[str, Any]] = {}
    wanted = [case for case in tool_cases() if case.tool is not None]
    for case in wanted:
        bodies[case.id] = tool_trigger.body(recorder.contract, case)
        bodies[f"{case.id}/stream"] = streaming(bodies[case.id])
    answers = yield from ask_reference(CHECK, bodies)
    calls = {}
    for case in wanted:
        found = _faults([case, case], [*answers[case.id], *answers[f"{case.id}/stream"]])
        calls[case.id] = [found.count(None), len(found)] if found else []
    return {"calls": calls}


CHECK = Check("tool_schema", "1", "Tool arguments", 61, run, "tools", behaviour=True, record=record)


def _order(session: Session) -> list[ToolCase]:
    """The questions that call for a tool: those asked already for another check come first."""
    labels = session.baseline.behaviour.get(tool_trigger.CHECK.name, {}).get("labels", {})
    asked = [] if not session.plan.has(tool_trigger.CHECK.name) else tool_trigger.drawn(session, labels)
    rng = session.rng(CHECK.name)
    rest = [tool_cases()[int(i)] for i in rng.permutation(len(tool_cases()))]
    cases = {case.id: case for case in (*asked, *rest)}
    return [case for case in cases.values() if case.tool is not None]


def _faults(cases: Sequence[ToolCase], observations: Sequence[Observation]) -> list[str | None]:
    return [
        fault
        for case, observation in zip(cases, observations, strict=True)
        for fault in faults_of(observation.answer, case)
    ]


def _finding(whole: list[str | None], pieces: list[str | None], reference: Rate) -> Finding:
    every = [*whole, *pieces]
    valid = every.count(None)
    wrong = Counter(fault for fault in every if fault is not None)
    rates = ((valid, len(every)), (pieces.count(None), len(pieces)))
    outcome = max((judged(rate, reference) for rate in rates), key=GRAVITY.index)
    details: dict[str, Any] = {
        "valid": valid,
        "calls": len(every),
        "valid_streamed": pieces.count(None),
        "calls_streamed": len(pieces),
        "reference": list(reference),
        "causes": dict(sorted(wrong.items())),
    }
    said = f"All {len(every)} tool calls are valid."
    if wrong:
        (cause, times), *_ = wrong.most_common(1)
        said = f"{len(every) - valid} of {len(every)} tool calls are not valid, {times} for {cause}"
        if len(pieces) > pieces.count(None) and whole.count(None) == len(whole):
            said += ", in streams only"
        said += f"; of the reference's own {reference[1] - reference[0]} of {reference[1]} are not."
        if outcome is Outcome.PASS and reference[0] == reference[1]:
            outcome = Outcome.WARN
    return finding(CHECK, outcome, said, wilson(valid, len(every)), "share of calls valid", **details)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _unparsed(text: str) -> str:
    if "```" in text:
        return "a code fence around the arguments"
    if not text:
        return "no arguments at all"
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        cut = text.startswith("{") and (error.pos >= len(text) - 1 or "Unterminated" in error.msg)
        return "arguments that are cut off" if cut else "arguments that are no JSON"
    except (ValueError, RecursionError):
        return "arguments that are no JSON"
    return "text after the arguments" if text[end:].strip() else "arguments that are no JSON"
