"""What is told of the answer to a hidden prompt before its pool is retired: its numbers, no text. Pure.

The answer says much of what was asked, the official weights' answer as well. So the tokens of one place are
numbered, the endpoint's likeliest first, then what the official weights alone list: both sides of a
comparison are still told apart. The numbers begin anew at each place, so that no text can be pieced together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from leaderboard.microscope import Place
from verifier.checks.base import Token

SAID = (
    "A prompt of the hidden pool: what was asked and answered is published when the pool is retired. Until "
    "then tokens are numbered, the endpoint's likeliest first."
)
UNLISTED = "#?"
"""A token that neither side lists."""
COVERED = "\u2592"
PLAIN = ("finish_reason", "prompt_tokens", "completion_tokens", "model", "system_fingerprint", "streamed")
"""What of an answer holds nothing of its text."""

T = TypeVar("T", str, bytes)


def payload(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored observation (verifier.evidence.codec) with its numbers and without its texts."""
    kept = {name: value for name, value in stored.items() if name not in ("answer", "detail")}
    answer = stored.get("answer")
    if answer is None:
        return kept
    told = {name: answer[name] for name in PLAIN if name in answer}
    told["text"] = SAID
    if answer.get("positions") is not None:
        told["positions"] = [_position(one) for one in answer["positions"]]
    return {**kept, "answer": told}


def place(shown: Place) -> Place:
    """A place of the microscope with numbers for tokens; of the pinned text only its length is left."""
    name = _numbered(_pairs(shown.top), _pairs(shown.context.top))
    context = replace(
        shown.context,
        prefix=COVERED * len(shown.context.prefix),
        top=tuple(Token(name(one.token).encode(), one.logprob) for one in shown.context.top),
    )
    top = tuple(Token(name(one.token).encode(), one.logprob) for one in shown.top)
    return replace(shown, context=context, top=top, chosen=name(shown.chosen).encode())


def context(found: Mapping[str, Any]) -> dict[str, Any]:
    """A context of a finding's `most_divergent` without the texts of prompt, prefix and tokens."""
    sides = {side: found.get(side) or () for side in ("endpoint", "reference")}
    name = _numbered(*([(str(one["token"]), float(one["p"])) for one in side] for side in sides.values()))
    numbered = {
        side: [{**one, "token": name(str(one["token"]))} for one in listed] for side, listed in sides.items()
    }
    return {**found, "prompt": None, "prefix": None, **numbered}


def _position(position: Mapping[str, Any]) -> dict[str, Any]:
    name = _numbered([(token, logprob) for token, logprob in position["top"]])
    return {
        "token": _hex(name(position["token"])),
        "logprob": position["logprob"],
        "top": [[_hex(name(token)), logprob] for token, logprob in position["top"]],
    }


def _numbered(*lists: Iterable[tuple[T, float]]) -> Callable[[T], str]:
    """A name for each token of these lists, which hold (token, probability or its logarithm)."""
    names: dict[T, str] = {}
    for listed in lists:
        for token, _ in sorted(listed, key=lambda one: (-one[1], one[0])):
            names.setdefault(token, f"#{len(names) + 1}")
    return lambda token: names.get(token, UNLISTED)


def _pairs(top: Sequence[Token]) -> list[tuple[bytes, float]]:
    return [(one.token, one.logprob) for one in top]


def _hex(text: str) -> str:
    return text.encode().hex()
