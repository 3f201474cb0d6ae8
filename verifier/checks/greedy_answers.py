"""Contexts inside an ordinary answer, for an endpoint that does not continue a pinned one.

At temperature 0 an honest endpoint mostly writes what the official weights wrote. As long as the two texts
are the same, the places in its answer *are* the baseline's pinned contexts, and its lists (or its choices)
there can be compared like any other. From where the texts part nothing is compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from verifier.baseline.model import Context
from verifier.checks.asking import chat_body, is_named, is_whole
from verifier.checks.base import Answer, Position, Probe, Purpose, Token
from verifier.suites import Prompt

MORE = 2
"""Tokens asked for beyond the last context: an endpoint's token may be shorter than the reference's."""


def answer_probe(prompt: Prompt, contexts: Sequence[Context], k: int, purpose: Purpose) -> Probe:
    """One greedy answer, as long as the last of the prompt's `contexts` needs."""
    last = max(_place(context) for context in contexts)
    body = chat_body(
        prompt.messages,
        max_tokens=last + 1 + (MORE if last else 0),
        top_logprobs=k or None,
        tools=prompt.tools,
    )
    return Probe(f"{prompt.id}/greedy", "chat/completions", body, purpose)


def position_at(context: Context, answer: Answer) -> Position | None:
    """The answer's position at `context`; None where the texts have parted or its entries do not align."""
    wanted, spelled = context.prefix.encode(), b""
    if not answer.positions or not answer.text.startswith(context.prefix):
        return None
    for position in answer.positions:
        if spelled == wanted:
            return position
        spelled += position.token
        if not wanted.startswith(spelled):
            return None
    return None


def list_at(context: Context, answer: Answer, k: int) -> tuple[Token, ...] | None:
    """The next-token list that the answer shows at `context`, falling; None where it cannot be aligned."""
    position = position_at(context, answer)
    if position is None or not is_named(position.top):
        return None
    rest = answer.text.encode()[len(context.prefix.encode()) :]
    if rest.strip() and not rest.lstrip().startswith(position.token.strip()):
        # The entry belongs to a later token: that of an end mark or of half a character was left out.
        return None
    top = tuple(sorted(position.top, key=lambda item: (-item.logprob, item.token)))
    return top if is_whole(top, min(k, len(context.top))) else None


def choice_at(context: Context, answer: Answer) -> tuple[Token, ...] | None:
    """The listed token that the text goes on with at `context`, the likeliest that fits: an endpoint is never
    charged for how its text is cut into tokens. None where the texts have parted or nothing follows.
    """
    if not answer.text.startswith(context.prefix):
        return None
    rest = answer.text[len(context.prefix) :]
    if not context.prefix:
        rest = rest.lstrip()
    if not rest:
        return None
    for item in context.top:
        word = item.token.decode(errors="replace")
        if word and rest.startswith(word if context.prefix else word.lstrip() or word):
            return (Token(item.token, 0.0),)
    return (Token(rest.encode(), 0.0),)


def _place(context: Context) -> int:
    """How many of the reference's tokens stand before the context: its id ends in it."""
    return int(context.id.rpartition("/")[2])
