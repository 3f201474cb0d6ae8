"""What an endpoint lets its users see: requests refused or reduced, answers with less in them.

Carries out `deployment.Access`, whatever stands behind it. That a trailing assistant message is not continued
is a setting of the model server itself (see child.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from verifier.lab.deployment import Access
from verifier.lab.gateways.base import CHAT, RAW, Answer, Request, refusal
from verifier.lab.vocabulary import Vocabulary, spell

_LOGPROBS = ("logprobs", "top_logprobs", "n_probs")
_CONTINUING = ("continue_final_message", "add_generation_prompt")


def refuse(access: Access, request: Request) -> Answer | None:
    """The refusal of a request that the endpoint does not offer to answer, None if it does."""
    if request.path == RAW and not access.completions:
        return refusal(404, f"no such path: {RAW}")
    most = access.top_logprobs
    asked = request.alternatives
    if most and asked is not None and asked > most and _is_given(request):
        name = "top_logprobs" if request.path == CHAT else "logprobs"
        return refusal(400, f"Invalid value for '{name}': must be less than or equal to {most}.", name)
    return None


def admit(access: Access, request: Request) -> Request:
    """The request as it is passed on."""
    if not access.prefix:
        request = request.without(*_CONTINUING)
    if access.top_logprobs == 0:
        return request.without(*_LOGPROBS)
    if access.top_logprobs and request.alternatives is not None:
        request = request.without("n_probs")
        if not _is_given(request):  # the server's own default would be more
            name = "top_logprobs" if request.path == CHAT else "logprobs"
            request = request.having(**{name: access.top_logprobs})
    return request


def show(access: Access, vocabulary: Vocabulary, answer: Answer) -> Answer:
    """The answer as users get to see it."""
    choices = answer.body.get("choices")
    if not answer.ok or not isinstance(choices, list) or access == Access():
        return answer
    shown = [_shown(access, vocabulary, choice) for choice in choices]
    return replace(answer, body={**answer.body, "choices": shown})


def _is_given(request: Request) -> bool:
    given = request.body.get("top_logprobs" if request.path == CHAT else "logprobs")
    return isinstance(given, int) and not isinstance(given, bool)


def _shown(access: Access, vocabulary: Vocabulary, choice: Mapping[str, Any]) -> Mapping[str, Any]:
    logprobs = choice.get("logprobs")
    if not logprobs or not logprobs.get("content"):
        return choice
    if access.top_logprobs == 0:
        return {name: value for name, value in choice.items() if name != "logprobs"}
    content = [_entry(access, vocabulary, entry) for entry in logprobs["content"]]
    return {**choice, "logprobs": {**logprobs, "content": content}}


def _entry(access: Access, vocabulary: Vocabulary, entry: Mapping[str, Any]) -> dict[str, Any]:
    """One token, with its alternatives if it has any."""
    named = dict(entry)
    if not access.bytes or access.token_ids:
        named = {"token": name_of(access, vocabulary, entry), "logprob": entry["logprob"]}
    if "top_logprobs" in entry:
        listed = entry["top_logprobs"][: access.top_logprobs]
        named["top_logprobs"] = [_entry(access, vocabulary, one) for one in listed]
    return named


def name_of(access: Access, vocabulary: Vocabulary, entry: Mapping[str, Any]) -> str:
    """What a token is called where its bytes are not given.

    An entry that stands for several tokens, the parts of one character, is spelt from its bytes.
    """
    token: int = entry["id"]
    if access.token_ids:
        return f"token_id:{token}"
    data = bytes(entry["bytes"])
    return vocabulary.names[token] if data in (b"", vocabulary.text(token)) else spell(data)
