"""What chat and text completions share: choices, usage, error objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.checks.base import Answer, Fault, Position
from verifier.client.faults import Failure, malformed
from verifier.client.logprobs import positions

MAX_TOKENS = 10**8


def first_choice(document: Any) -> Mapping[str, Any]:
    """The choice with index 0.

    Raises:
        Failure: the document has none, or is an error object sent with status 200.
    """
    if not isinstance(document, Mapping):
        raise malformed("The answer is JSON but not an object.")
    if document.get("error"):
        raise error_failure(document["error"])
    choices = document.get("choices")
    if not isinstance(choices, list) or not choices:
        raise malformed("The answer has no choices.")
    choice = choices[0]
    if not isinstance(choice, Mapping):
        raise malformed("The first choice is not an object.")
    return choice


def assemble(document: Mapping[str, Any], choice: Mapping[str, Any], text: Any) -> Answer:
    """An answer from the parts every API has in common. `text` may be null (a tool call, a refusal)."""
    if text is not None and not isinstance(text, str):
        raise malformed("The text of the answer is not a string.")
    prompt_tokens, completion_tokens = usage(document)
    found = positions(choice.get("logprobs"))
    check_length(found, completion_tokens)
    return Answer(
        text=text or "",
        positions=found,
        finish_reason=_string(choice, "finish_reason"),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        model=_string(document, "model"),
        system_fingerprint=_string(document, "system_fingerprint"),
    )


def check_length(found: tuple[Position, ...] | None, completion_tokens: int | None) -> None:
    """Refuse logprobs for more tokens than were generated (fewer is honest: llama.cpp omits some)."""
    if found is not None and completion_tokens is not None and len(found) > completion_tokens:
        raise malformed(
            f"The logprobs list {len(found)} tokens, but usage says {completion_tokens} were generated."
        )


def usage(document: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Prompt and completion tokens, None where the server does not say."""
    found = document.get("usage")
    if found is None:
        return None, None
    if not isinstance(found, Mapping):
        raise malformed("The usage is not an object.")
    return _count(found, "prompt_tokens"), _count(found, "completion_tokens")


def error_message(document: Any) -> str | None:
    """The message in an error body, in the spellings servers use, or None."""
    if isinstance(document, str):
        return document
    if isinstance(document, Mapping):
        for key in ("error", "message", "detail", "msg"):
            if document.get(key):
                return error_message(document[key])
    if isinstance(document, list) and document:
        return error_message(document[0])
    return None


def error_failure(error: Any) -> Failure:
    """The failure an `error` object means, by its numeric code where it gives one (OpenRouter does)."""
    code = error.get("code", error.get("status")) if isinstance(error, Mapping) else None
    status = (
        int(code) if isinstance(code, int | str) and str(code).isdecimal() and len(str(code)) == 3 else 500
    )
    said = error_message(error)
    detail = "The server sent an error object with status 200" + (f": {said}" if said else ".")
    return Failure(status_fault(status) or Fault.SERVER_ERROR, detail, transient=is_transient(status))


def status_fault(status: int) -> Fault | None:
    """The fault an HTTP status means; None for 200."""
    if status == 200:
        return None
    if status in (401, 403):
        return Fault.UNAUTHORISED
    if status == 429:
        return Fault.RATE_LIMITED
    if 300 <= status < 500:
        return Fault.REJECTED
    if 500 <= status < 600:
        return Fault.SERVER_ERROR
    return Fault.MALFORMED


def is_transient(status: int) -> bool:
    """Whether trying again can help."""
    return status == 429 or 500 <= status < 600


def _count(found: Mapping[str, Any], name: str) -> int | None:
    value = found.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MAX_TOKENS:
        raise malformed(f"usage.{name} is not a count of tokens.")
    return value


def _string(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise malformed(f"{name} is not a string.")
    return value
