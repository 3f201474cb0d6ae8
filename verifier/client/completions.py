"""Reading `completions`: a whole answer, or one event of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.checks.base import Answer
from verifier.client.envelope import assemble, first_choice, label, refuse_error, text_of
from verifier.client.faults import malformed
from verifier.client.logprobs import read_rows


def parse_completion(document: Any) -> Answer:
    """The answer in a parsed text completion.

    Raises:
        Failure: MALFORMED when it is not one; the fault of an `error` object when it holds one.
    """
    document = refuse_error(document)
    choice = first_choice(document)
    if not isinstance(choice.get("text"), str):
        raise malformed("The first choice has no text.")
    return assemble(
        choice["text"],
        read_rows(choice.get("logprobs")),
        finish_reason=label(choice, "finish_reason"),
        usage=document.get("usage"),
        model=label(document, "model"),
        system_fingerprint=label(document, "system_fingerprint"),
    )


def completion_delta(choice: Mapping[str, Any]) -> str:
    """The piece of text in a choice of one event."""
    return text_of(choice.get("text"))
