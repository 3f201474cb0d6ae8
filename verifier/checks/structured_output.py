"""Does `response_format` bind the answer?

An application that asks for `json_object` or a `json_schema` parses what it gets. A few questions are asked
with each: the answer must be JSON and nothing else (no code fence, no sentence before it), and valid under
the schema by the jsonschema library. The questions of the schemas do not ask for JSON, so that an endpoint
which drops the parameter answers in prose. An answer cut off by `max_tokens` is not judged, and neither is an
empty one. A format that is refused with an error is `unsupported`; one that the reference itself does not
keep to is held against nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema

from verifier.checks.base import Answer, Ask, Dialogue, Fault, Finding, Observation, Outcome, Probe, Purpose
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import wilson

STAGE = "structured output"
CASES = 2
"""Questions for each of the two formats."""
ANSWER_TOKENS = 60
OBJECT, SCHEMA = "json_object", "json_schema"
_COLOUR = {"enum": ["red", "green", "blue", "yellow", "black", "white"]}


def _schema(**properties: Mapping[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


OBJECTS = (
    'Answer with a JSON object that has the one key "colour" and a colour as its value.',
    'Write the JSON object {"animal": …} with the name of an animal in the place of the dots.',
    'Give me a JSON object with the one key "city" and the name of a capital.',
)
SCHEMAS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("What colour is the sky on a clear day?", _schema(colour=_COLOUR)),
    ("Is the sea salty?", _schema(salty={"type": "boolean"})),
    ("Is snow warm, and what colour is it?", _schema(warm={"type": "boolean"}, colour=_COLOUR)),
)
"""Schemas whose every answer is short: a small model must not be able to ramble inside one."""


def run(session: Session) -> Dialogue:
    """Asks with both formats, and judges what is not cut off."""
    cases = session.plan.size(CHECK.name, "cases", CASES)
    probes = requests(cases)
    answers = yield from session.ask(probes, STAGE, 0)
    reference = session.baseline.behaviour.get(CHECK.name, {})
    return _finding(probes, answers, [name for name, kept in reference.items() if not kept])


def record(recorder: Recorder) -> Recording:
    """Whether the reference keeps to each format in every answer that it finishes."""
    probes = requests(len(OBJECTS))
    answers = yield Ask(tuple(probes), STAGE, len(probes))
    kept: dict[str, Any] = {}
    for probe, observation in zip(probes, answers, strict=True):
        verdict = _judge(probe, observation)
        if verdict is not None:
            kept[format_of(probe)] = kept.get(format_of(probe), True) and not verdict
    return kept


CHECK = Check(
    "structured_output",
    "1",
    "Structured output",
    44,
    run,
    needs="`response_format`",
    behaviour=True,
    record=record,
)


def requests(cases: int) -> list[Probe]:
    """The requests for `cases` answers in each format."""
    asked: list[tuple[str, str, dict[str, Any]]] = [
        (f"{OBJECT}/{place}", question, {"type": OBJECT}) for place, question in enumerate(OBJECTS[:cases])
    ]
    for place, (question, schema) in enumerate(SCHEMAS[:cases]):
        described = {"name": "answer", "strict": True, "schema": schema}
        asked.append((f"{SCHEMA}/{place}", question, {"type": SCHEMA, "json_schema": described}))
    return [
        Probe(
            f"structured/{name}",
            "chat/completions",
            {
                "messages": [{"role": "user", "content": question}],
                "max_tokens": ANSWER_TOKENS,
                "temperature": 0.0,
                "response_format": wanted,
            },
            Purpose.BEHAVIOUR,
        )
        for name, question, wanted in asked
    ]


def format_of(probe: Probe) -> str:
    """`json_object` or `json_schema`."""
    return str(probe.body["response_format"]["type"])


def fault_of(answer: Answer, wanted: Mapping[str, Any]) -> str:
    """Why an answer is not in the format asked for; "" if it is."""
    try:
        document = json.loads(answer.text)
    except ValueError:
        return "no JSON"
    if not isinstance(document, dict):
        return "no object"
    if wanted["type"] == SCHEMA:
        checker = jsonschema.Draft202012Validator(wanted["json_schema"]["schema"])
        error = jsonschema.exceptions.best_match(checker.iter_errors(document))
        return "" if error is None else "not as the schema says"
    return ""


def _judge(probe: Probe, observation: Observation) -> str | None:
    """Why the answer is not in its format, "" if it is, None where it cannot be judged."""
    answer = observation.answer
    if answer is None or not answer.text.strip() or answer.finish_reason == "length":
        return None
    return fault_of(answer, probe.body["response_format"])


def _finding(probes: Sequence[Probe], answers: Sequence[Observation], unkept: Sequence[str]) -> Finding:
    judged, faults = 0, []
    for probe, observation in zip(probes, answers, strict=True):
        verdict = None if format_of(probe) in unkept else _judge(probe, observation)
        if verdict is not None:
            judged += 1
        if verdict:
            faults.append([format_of(probe), verdict])
    refused = sorted(
        {format_of(p) for p, o in zip(probes, answers, strict=True) if o.fault is Fault.REJECTED}
    )
    details = {"faults": faults, "refused": refused, "not_kept_by_reference": list(unkept)}
    if not judged:
        said = f"It refuses {' and '.join(refused)}." if refused else "No answer could be judged."
        return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said, details=details)
    valid = wilson(judged - len(faults), judged)
    assert valid is not None
    numbers = (valid.value, valid.low, valid.high, judged, "share valid", details)
    if not faults:
        said = f"All of {judged} answers are in the format asked for."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)
    wanted, why = faults[0]
    said = f"{len(faults)} of {judged} answers are not in the format asked for ({wanted}: {why})."
    return Finding(CHECK.name, CHECK.version, Outcome.FAIL, said, *numbers)
