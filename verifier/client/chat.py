"""Reading a `chat/completions` answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.checks.base import Answer
from verifier.client.envelope import assemble, first_choice
from verifier.client.faults import malformed


def parse_chat(document: Any) -> Answer:
    """The answer in a parsed chat completion.

    Raises:
        Failure: MALFORMED when it is not one; the fault of an `error` object when it holds one.
    """
    choice = first_choice(document)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise malformed("The first choice has no message.")
    return assemble(document, choice, message.get("content"))
