"""The evidence of a run as people look at it: the most divergent contexts, and the requests one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from django.utils.translation import gettext

from leaderboard import charts
from leaderboard.pages import numbers, words
from leaderboard.pages.inert import visible
from leaderboard.pages.veil import Veil
from leaderboard.pages.words import Term
from verifier.models import Finding, Observation

SHOWN_TOKENS = 6


@dataclass(frozen=True, slots=True)
class Context:
    """One place in a conversation, and what both sides say comes next. `tv` lies in 0..1."""

    id: str
    prompt_id: str
    prompt: str
    prefix: str
    kind: str
    tv: float
    sentence: str
    bars: tuple[charts.PairedBar, ...]


def most_divergent(findings: Iterable[Finding], limit: int, veil: Veil) -> list[Context]:
    """The contexts that differ most, from whichever finding names them, the most divergent first."""
    found = [
        context
        for finding in findings
        for context in finding.details.get("most_divergent") or ()
        if isinstance(context, Mapping)
    ]
    found.sort(key=lambda context: -float(context.get("tv") or 0.0))
    return [_context(veil.over_context(context)) for context in found[:limit]]


def _context(context: Mapping[str, Any]) -> Context:
    reference, endpoint = _listed(context.get("reference")), _listed(context.get("endpoint"))
    kind = str(context.get("context_type") or "")
    return Context(
        id=str(context.get("context") or ""),
        prompt_id=str(context.get("prompt_id") or ""),
        prompt=str(context.get("prompt") or ""),
        prefix=str(context.get("prefix") or ""),
        kind=gettext(words.CONTEXT_TYPES.get(kind, kind.replace("_", " "))),
        tv=float(context.get("tv") or 0.0),
        sentence=token_sentence(reference, endpoint),
        bars=charts.paired_bars(reference, endpoint, SHOWN_TOKENS),
    )


def _listed(tokens: Any) -> dict[str, float]:
    return {str(item["token"]): float(item["p"]) for item in tokens or ()}


def token_sentence(reference: Mapping[str, float], endpoint: Mapping[str, float]) -> str:
    """Which token each side puts first, in words; empty where a side lists nothing."""
    if not reference or not endpoint:
        return ""
    first, second = (max(side, key=lambda token: (side[token], token)) for side in (reference, endpoint))
    if first == second:
        return gettext(
            "Both put %(token)s first: the official weights with %(official)s, "
            "this endpoint with %(endpoint)s."
        ) % {
            "token": quoted(first),
            "official": numbers.percent(reference[first]),
            "endpoint": numbers.percent(endpoint[first]),
        }
    return gettext(
        "The official weights put %(first)s first (%(official)s), this endpoint %(second)s (%(endpoint)s)."
    ) % {
        "first": quoted(first),
        "official": numbers.percent(reference[first]),
        "second": quoted(second),
        "endpoint": numbers.percent(endpoint[second]),
    }


def quoted(token: str) -> str:
    """A token between quotation marks, on one line, everything in it visible."""
    return f"“{visible(token, lines=False, limit=40)}”"


@dataclass(frozen=True, slots=True)
class Listed:
    """A token with its probability."""

    token: str
    probability: str


@dataclass(frozen=True, slots=True)
class Request:
    """One observation as a line of the table of evidence."""

    sequence: int
    key: str
    purpose: str
    prompt: str
    prefix: str
    answer: str
    top: tuple[Listed, ...]
    term: Term
    fault: str
    detail: str
    tokens: str
    elapsed: str
    raw: str


def request_line(observation: Observation) -> Request:
    """What was asked and what came back. Missing parts are dashes, never guesses."""
    payload = observation.payload or {}
    answer = payload.get("answer") or {}
    prompt, prefix = _asked(observation.request)
    whole = {"request": observation.request, "observation": payload}
    return Request(
        sequence=observation.sequence,
        key=observation.key,
        purpose=observation.purpose,
        prompt=prompt,
        prefix=prefix,
        answer=str(answer.get("text", "")),
        top=_top(answer),
        term=words.status(observation.status),
        fault=observation.fault.replace("-", " "),
        detail=str(payload.get("detail") or ""),
        tokens=_tokens(answer),
        elapsed=numbers.seconds(payload.get("elapsed")),
        raw=json.dumps(whole, indent=2, ensure_ascii=False),
    )


def _asked(request: Any) -> tuple[str, str]:
    """The last thing the user said, and the answer's prefix that the endpoint was to continue."""
    body = request.get("body", request) if isinstance(request, Mapping) else {}
    messages = body.get("messages") if isinstance(body, Mapping) else None
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        return str(body.get("prompt") or "") if isinstance(body, Mapping) else "", ""
    said = [message for message in messages if isinstance(message, Mapping)]
    user = [str(message.get("content") or "") for message in said if message.get("role") == "user"]
    prefix = str(said[-1].get("content") or "") if said and said[-1].get("role") == "assistant" else ""
    return user[-1] if user else "", prefix


def _top(answer: Mapping[str, Any]) -> tuple[Listed, ...]:
    positions = answer.get("positions") or ()
    if not positions:
        return ()
    first = positions[0].get("top") or ()
    return tuple(
        Listed(bytes.fromhex(token).decode("utf-8", "replace"), numbers.probability(exp(logprob)))
        for token, logprob in first[:5]
    )


def _tokens(answer: Mapping[str, Any]) -> str:
    prompt, completion = answer.get("prompt_tokens"), answer.get("completion_tokens")
    if prompt is None and completion is None:
        return numbers.NONE
    return f"{numbers.whole(prompt)}{numbers.THIN}+{numbers.THIN}{numbers.whole(completion)}"
