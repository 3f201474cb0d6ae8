"""What the answers of all APIs share: choices, usage, labels, error objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verifier.checks.base import Answer, ErrorShape, Fault, Streamed, ToolCall
from verifier.client import strict_json
from verifier.client.faults import Failure, malformed
from verifier.client.logprobs import Row, positions

MAX_COUNT = 10**8
MAX_CHOICES = 16
MAX_TEXT = 2**20
"""Characters of one answer; what is kept of a run would otherwise be the endpoint's to decide."""


def parse_json(data: bytes | bytearray, what: str) -> Any:
    """The parsed document.

    Raises:
        Failure: TOO_LARGE or MALFORMED, in a sentence that begins with `what`.
    """
    try:
        return strict_json.loads(data)
    except strict_json.JsonTooLarge as error:
        raise Failure(Fault.TOO_LARGE, f"{what} is unusable: {error}.") from None
    except strict_json.JsonRefused as error:
        raise malformed(f"{what} is unusable: {error}.") from None


def refuse_error(document: Any) -> Mapping[str, Any]:
    """The document, if it is an object and no error.

    Raises:
        Failure: MALFORMED, or the fault that the `error` object means.
    """
    if not isinstance(document, Mapping):
        raise malformed("The answer is JSON but not an object.")
    if document.get("error"):
        failure = error_failure(document["error"])
        failure.error_shape = error_shape(document)
        raise failure
    return document


def first_choice(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first choice.

    Raises:
        Failure: MALFORMED, there is none.
    """
    choices = document.get("choices")
    if not isinstance(choices, list) or not choices:
        raise malformed("The answer has no choices.")
    if not isinstance(choices[0], Mapping):
        raise malformed("The first choice is not an object.")
    return choices[0]


def other_choices(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The choices after the first, of a request with `n` above 1.

    Raises:
        Failure: MALFORMED, or TOO_LARGE when there are more than any request asks for.
    """
    others: list[Mapping[str, Any]] = document["choices"][1:]
    if len(others) > MAX_CHOICES:
        raise Failure(Fault.TOO_LARGE, f"The answer has {len(others) + 1} choices.")
    if not all(isinstance(choice, Mapping) for choice in others):
        raise malformed("A choice is not an object.")
    return others


def text_of(value: Any) -> str:
    """The text of a choice; null (a tool call, a refusal) is the empty text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise malformed("The text of the answer is not a string.")
    return value


def label(found: Mapping[str, Any], name: str) -> str | None:
    """A string that may be absent, such as `finish_reason` or `model`."""
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        raise malformed(f"{name} is not a string.")
    return value


def assemble(
    text: str,
    rows: Sequence[Row] | None,
    *,
    finish_reason: str | None,
    usage: Any,
    model: str | None,
    system_fingerprint: str | None,
    tool_calls: tuple[ToolCall, ...] = (),
    reasoning: str = "",
    others: tuple[str, ...] = (),
    streamed: Streamed | None = None,
) -> Answer:
    """The answer from its parts, checked against each other.

    Fewer logprobs than generated tokens are honest (llama.cpp omits the end of text, and tokens that end
    inside a character); more are not.

    Raises:
        Failure: MALFORMED or TOO_LARGE.
    """
    characters = len(text) + len(reasoning) + sum(map(len, others))
    if characters > MAX_TEXT:
        raise Failure(Fault.TOO_LARGE, f"The text has {characters} characters, more than any answer needs.")
    prompt_tokens, completion_tokens = _counts(usage)
    if rows is not None and completion_tokens is not None and len(rows) > completion_tokens:
        raise malformed(
            f"The logprobs list {len(rows)} tokens, but usage says {completion_tokens} were generated."
        )
    return Answer(
        text=text,
        positions=None if rows is None else positions(rows),
        finish_reason=finish_reason,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        model=model,
        system_fingerprint=system_fingerprint,
        tool_calls=tool_calls,
        reasoning=reasoning,
        others=others,
        streamed=streamed,
    )


def error_shape(body: Any) -> ErrorShape:
    """What kind of body an error came with: a parsed document, or text that is no JSON."""
    if isinstance(body, str):
        return ErrorShape.TEXT if body.strip() else ErrorShape.EMPTY
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping) and isinstance(error.get("message"), str) and error["message"]:
        return ErrorShape.OPENAI
    return ErrorShape.JSON


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
    """The failure an `error` object in a 200 means, by its numeric code where it has one (OpenRouter)."""
    code = error.get("code") if isinstance(error, Mapping) else None
    said = error_message(error)
    detail = "An error object was sent with status 200" + (f": {said}" if said else ".")
    if type(code) is int and 400 <= code < 600:
        return Failure(status_fault(code), detail, transient=is_transient(code))
    return Failure(Fault.SERVER_ERROR, detail)


def status_fault(status: int) -> Fault:
    """The fault that an HTTP status other than 200 means."""
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


def _counts(usage: Any) -> tuple[int | None, int | None]:
    """Prompt and completion tokens, None where the server does not say."""
    if usage is None:
        return None, None
    if not isinstance(usage, Mapping):
        raise malformed("The usage is not an object.")
    return _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    value = usage.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise malformed(f"usage.{name} is not a count of tokens.")
    return value
