"""Peer parity: the answers of a run in the shapes of other verifiers, and their formulas computed from these.

`python -m tests.bench.parity BUNDLE [--official BUNDLE] [-o FOLDER]` writes `k2vv_results.jsonl` and
`minimax_results.jsonl` and prints the numbers that the K2 Vendor Verifier (MoonshotAI/K2-Vendor-Verifier,
tool_calls_eval.py) and the MiniMax Provider Verifier (scripts/calculate_toolcall_similarity.py) publish.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from verifier.checks.base import Answer, Observation
from verifier.evidence.codec import observation_from_json

CALLS = "tool_calls"
Row = dict[str, Any]
Pair = tuple[Mapping[str, Any], Observation]
"""The body of a request, and what became of it."""


def k2vv_rows(pairs: Iterable[Pair], model: str) -> list[Row]:
    """As lines of K2VV's `results.jsonl`."""
    rows = []
    for index, (body, seen) in enumerate(pairs, 1):
        request = {"model": model, **body}
        rows.append(
            {
                "data_index": index,
                "request": request,
                "response": _response(seen, model),
                "status": "success" if seen.answer else "failed",
                "finish_reason": seen.answer.finish_reason if seen.answer else None,
                "tool_calls_valid": k2vv_valid(seen.answer, body) if seen.answer else None,
                "last_run_at": seen.started_at,
                "duration_ms": round(1000 * (seen.elapsed or 0)),
                "hash": hashlib.md5(json.dumps(request, sort_keys=True).encode()).hexdigest(),
            }
        )
    return rows


def minimax_rows(pairs: Iterable[Pair], model: str) -> list[Row]:
    """As lines of MiniMax's `PROVIDER_results.jsonl`: the request and the response as they were."""
    return [
        {"data_index": index, "request": {"model": model, **body}, "response": _response(seen, model)}
        for index, (body, seen) in enumerate(pairs, 1)
    ]


def k2vv_valid(answer: Answer, body: Mapping[str, Any]) -> bool | None:
    """K2VV's validity of an answer: all of its calls are; None where it is no call."""
    if answer.finish_reason != CALLS or not answer.tool_calls:
        return None
    schemas = {one["function"]["name"]: one["function"]["parameters"] for one in body.get("tools", ())}
    for call in answer.tool_calls:
        try:
            jsonschema.validate(json.loads(call.arguments), schemas[call.name])
        except (KeyError, ValueError, jsonschema.ValidationError):
            return False
    return True


def k2vv_summary(rows: Sequence[Row]) -> dict[str, int]:
    """K2VV's counts (`compute_summary`)."""
    calls = [row for row in rows if row["finish_reason"] == CALLS]
    return {
        "success_count": sum(row["status"] == "success" for row in rows),
        "failure_count": sum(row["status"] != "success" for row in rows),
        "finish_stop": sum(row["finish_reason"] == "stop" for row in rows),
        "finish_tool_calls": len(calls),
        "successful_tool_call_count": sum(bool(row["tool_calls_valid"]) for row in calls),
        "schema_validation_error_count": sum(not row["tool_calls_valid"] for row in calls),
    }


def minimax_f1(official: Sequence[Row], rows: Sequence[Row]) -> dict[str, float]:
    """MiniMax's and K2VV's trigger similarity: F1 of `finish_reason` being `tool_calls`, row by row."""
    pairs = [(_finish(a) == CALLS, _finish(b) == CALLS) for a, b in zip(official, rows, strict=True)]
    tp, fp, fn = (pairs.count(cell) for cell in ((True, True), (False, True), (True, False)))
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"tp": tp, "fp": fp, "fn": fn, "f1": f1}


def minimax_only_reasoning(rows: Sequence[Row]) -> float:
    """MiniMax's share of answers that hold thoughts and nothing else."""
    found = 0
    for row in rows:
        choices = (row["response"] or {}).get("choices") or [{}]
        message = choices[0].get("message") or {}
        found += bool(
            message.get("reasoning_content") and not message.get("content") and not message.get("tool_calls")
        )
    return found / len(rows) if rows else 0.0


def minimax_success_rate(rows: Sequence[Row]) -> float:
    """MiniMax's Query-Success-Rate: answered requests of all, retries spent."""
    return sum("choices" in (row["response"] or {}) for row in rows) / len(rows) if rows else 0.0


def from_bundle(path: Path, check: str = "tool_trigger") -> tuple[list[Pair], str]:
    """The requests of one check in an evidence bundle with their answers, by key, and the model asked for."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        header, *records = (json.loads(line) for line in lines)
    wanted = sorted(
        (one for one in records if one["probe"]["key"].startswith(f"{check}/")),
        key=lambda one: one["probe"]["key"],
    )
    pairs = [(one["probe"]["body"], observation_from_json(one["observation"])) for one in wanted]
    return pairs, header["endpoint"]["upstream_model"]


def _finish(row: Row) -> str | None:
    choices = (row["response"] or {}).get("choices") or [{}]
    found = choices[0].get("finish_reason")
    return None if found is None else str(found)


def _response(seen: Observation, model: str) -> Row:
    answer = seen.answer
    if answer is None:
        return {"error": seen.detail}
    message: Row = {"role": "assistant", "content": answer.text, "tool_calls": None}
    if answer.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in answer.tool_calls
        ]
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    usage = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
    choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
    return {"object": "chat.completion", "model": model, "choices": [choice], "usage": usage}


def main() -> int:
    """Export a bundle and print the peers' numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--official", type=Path, help="a bundle of the reference, run with the same seed")
    parser.add_argument("-o", "--output", type=Path, default=Path())
    args = parser.parse_args()
    pairs, model = from_bundle(args.bundle)
    if not pairs:
        print(f"{args.bundle} holds no request about tool calls.", file=sys.stderr)
        return 1
    k2vv, minimax = k2vv_rows(pairs, model), minimax_rows(pairs, model)
    for name, rows in (("k2vv_results.jsonl", k2vv), ("minimax_results.jsonl", minimax)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (args.output / name).write_text(text, "utf-8")
    print(json.dumps(k2vv_summary(k2vv)))
    print(json.dumps({"success": minimax_success_rate(minimax), "only": minimax_only_reasoning(minimax)}))
    if args.official is not None:
        official, name = from_bundle(args.official)
        print(json.dumps(minimax_f1(minimax_rows(official, name), minimax)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
