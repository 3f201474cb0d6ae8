"""Reading `completions`: a whole answer, or one event of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.checks.base import Answer
from verifier.client.envelope import assemble, first_choice, label, other_choices, refuse_error, text_of
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
        others=tuple(text_of(choice.get("text")) for choice in other_choices(document)),
    )


def completion_delta(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a choice of one event adds, as a chat message would have it."""
    return {"content": choice.get("text")}
