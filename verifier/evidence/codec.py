"""Observations and probes to JSON and back. Token bytes are written in hexadecimal: they need not be text.

What is read may come from a stranger: anything that the client could not have written is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from verifier.checks.base import (
    Answer,
    ErrorShape,
    Fault,
    Observation,
    Position,
    Probe,
    Purpose,
    Status,
    Streamed,
    Token,
    ToolCall,
)


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """A JSON-ready dict; keys without a value are left out."""
    answer = observation.answer
    record: dict[str, Any] = {
        "key": observation.key,
        "status": str(observation.status),
        "fault": None if observation.fault is None else str(observation.fault),
        "detail": observation.detail or None,
        "http_status": observation.http_status,
        "attempts": observation.attempts,
        "started_at": observation.started_at or None,
        "elapsed": observation.elapsed,
        "first_token": observation.first_token,
        "error_shape": None if observation.error_shape is None else str(observation.error_shape),
        "failed": [str(fault) for fault in observation.failed] or None,
        "answer": None if answer is None else _answer_to_json(answer),
    }
    return {key: value for key, value in record.items() if value is not None}


def observation_from_json(record: Mapping[str, Any]) -> Observation:
    """The observation that `observation_to_json` wrote.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    return Observation(
        key=_text(record["key"]),
        status=Status(record["status"]),
        answer=_answer_from_json(record["answer"]) if "answer" in record else None,
        fault=Fault(record["fault"]) if "fault" in record else None,
        detail=_text(record.get("detail", "")),
        http_status=record.get("http_status"),
        attempts=_count(record.get("attempts", 1)),
        started_at=record.get("started_at", ""),
        elapsed=record.get("elapsed"),
        first_token=record.get("first_token"),
        error_shape=ErrorShape(record["error_shape"]) if "error_shape" in record else None,
        failed=tuple(Fault(fault) for fault in record.get("failed", ())),
    )


def probe_to_json(probe: Probe) -> dict[str, Any]:
    """A JSON-ready dict."""
    record: dict[str, Any] = {
        "key": probe.key,
        "api": probe.api,
        "body": dict(probe.body),
        "purpose": str(probe.purpose),
    }
    if probe.of_reference:
        record["of_reference"] = True
    if probe.asking:
        record["asking"] = probe.asking
    return record


def probe_from_json(record: Mapping[str, Any]) -> Probe:
    """The probe that `probe_to_json` wrote."""
    purpose = Purpose(record["purpose"])
    of_reference, asking = bool(record.get("of_reference")), _count(record.get("asking", 0))
    return Probe(record["key"], record["api"], record["body"], purpose, of_reference, asking)


def tokens_to_json(tokens: tuple[Token, ...]) -> list[list[Any]]:
    """A token list as `[[hex, logprob], …]`."""
    return [[token.token.hex(), token.logprob] for token in tokens]


def tokens_from_json(records: list[list[Any]]) -> tuple[Token, ...]:
    """The token list that `tokens_to_json` wrote."""
    return tuple(Token(bytes.fromhex(text), _logprob(logprob)) for text, logprob in records)


def _answer_to_json(answer: Answer) -> dict[str, Any]:
    record = {
        "text": answer.text,
        "positions": None if answer.positions is None else [_position_to_json(p) for p in answer.positions],
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "model": answer.model,
        "system_fingerprint": answer.system_fingerprint,
        "tool_calls": [[call.id, call.name, call.arguments] for call in answer.tool_calls] or None,
        "reasoning": answer.reasoning or None,
        "others": list(answer.others) or None,
        "streamed": None if answer.streamed is None else asdict(answer.streamed),
    }
    return {key: value for key, value in record.items() if value is not None}


def _answer_from_json(record: Mapping[str, Any]) -> Answer:
    positions = record.get("positions")
    return Answer(
        text=_text(record["text"]),
        positions=None if positions is None else tuple(_position_from_json(p) for p in positions),
        finish_reason=record.get("finish_reason"),
        prompt_tokens=_count(record["prompt_tokens"]) if "prompt_tokens" in record else None,
        completion_tokens=_count(record["completion_tokens"]) if "completion_tokens" in record else None,
        model=record.get("model"),
        system_fingerprint=record.get("system_fingerprint"),
        tool_calls=tuple(_tool_call(call) for call in record.get("tool_calls", ())),
        reasoning=_text(record.get("reasoning", "")),
        others=tuple(_text(text) for text in record.get("others", ())),
        streamed=_streamed(record["streamed"]) if "streamed" in record else None,
    )


def _tool_call(record: list[Any]) -> ToolCall:
    identity, name, arguments = record
    return ToolCall(_text(identity), _text(name), _text(arguments))


def _streamed(record: Mapping[str, Any]) -> Streamed:
    return Streamed(
        events=_count(record["events"]),
        pieces=_count(record["pieces"]),
        done=bool(record["done"]),
        usage=bool(record["usage"]),
        first=None if record["first"] is None else float(record["first"]),
        last=None if record["last"] is None else float(record["last"]),
    )


def _position_to_json(position: Position) -> dict[str, Any]:
    return {
        "token": position.token.hex(),
        "logprob": position.logprob,
        "top": tokens_to_json(position.top),
    }


def _position_from_json(record: Mapping[str, Any]) -> Position:
    top = tokens_from_json(record["top"])
    return Position(bytes.fromhex(record["token"]), _logprob(record["logprob"]), top)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {value!r}")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"expected a count, found {value!r}")
    return value


def _logprob(value: Any) -> float:
    number = float(value)
    if not -math.inf < number <= 0:
        raise ValueError(f"a log-probability is a number of at most 0, not {number}")
    return number
