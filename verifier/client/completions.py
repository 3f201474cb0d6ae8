"""Reading a `completions` answer."""

from __future__ import annotations

from typing import Any

from verifier.checks.base import Answer
from verifier.client.envelope import assemble, first_choice
from verifier.client.faults import malformed


def parse_completion(document: Any) -> Answer:
    """The answer in a parsed text completion.

    Raises:
        Failure: MALFORMED when it is not one; the fault of an `error` object when it holds one.
    """
    choice = first_choice(document)
    if not isinstance(choice.get("text"), str):
        raise malformed("The first choice has no text.")
    return assemble(document, choice, choice["text"])
