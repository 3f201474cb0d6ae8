"""What of an answer is kept: everything but the key, should the endpoint echo it."""

from __future__ import annotations

from dataclasses import replace

from verifier.checks.base import Answer, Position, Token, ToolCall
from verifier.client.redaction import REDACTED, Redactor


def redacted_answer(answer: Answer, redact: Redactor) -> Answer:
    """The answer without secrets, in its text, its tokens and its labels."""
    return replace(
        answer,
        text=redact(answer.text),
        positions=None if answer.positions is None else _redacted_positions(answer.positions, redact),
        finish_reason=_label(answer.finish_reason, redact),
        model=_label(answer.model, redact),
        system_fingerprint=_label(answer.system_fingerprint, redact),
        tool_calls=tuple(
            ToolCall(redact.detail(call.id), redact.detail(call.name), redact(call.arguments))
            for call in answer.tool_calls
        ),
        reasoning=redact(answer.reasoning),
        others=tuple(redact(text) for text in answer.others),
    )


def _label(text: str | None, redact: Redactor) -> str | None:
    return None if text is None else redact.detail(text)


def _redacted_positions(positions: tuple[Position, ...], redact: Redactor) -> tuple[Position, ...]:
    """Tokens are searched one by one and joined, since a key may be spelt over several."""
    hidden = _hidden(positions, redact)
    return tuple(
        Position(
            token=REDACTED.encode() if i in hidden else position.token,
            logprob=position.logprob,
            top=tuple(_redacted_token(token, redact) for token in position.top),
        )
        for i, position in enumerate(positions)
    )


def _hidden(positions: tuple[Position, ...], redact: Redactor) -> set[int]:
    """Which generated tokens are part of a secret."""
    # latin-1 keeps one character per byte, so that spans of text are spans of bytes.
    spans = redact.spans(b"".join(position.token for position in positions).decode("latin-1"))
    hidden = set()
    end = 0
    for i, position in enumerate(positions):
        start, end = end, end + len(position.token)
        if any(start < stop and begin < end for begin, stop in spans):
            hidden.add(i)
    return hidden


def _redacted_token(token: Token, redact: Redactor) -> Token:
    if len(token.token) < 8 or not redact.spans(token.token.decode("latin-1")):
        return token
    return Token(REDACTED.encode(), token.logprob)
