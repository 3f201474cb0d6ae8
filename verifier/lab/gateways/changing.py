"""For gateways that change the answer: its first choice, or what is said beside the choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verifier.lab.gateways.base import Answer

Message = Mapping[str, Any]


def with_messages(answer: Answer, change: Callable[[Message], Message]) -> Answer:
    """The answer with `change` made to the message of each choice; errors and raw text stay as they are."""
    choices = answer.body.get("choices")
    if not answer.ok or not isinstance(choices, list):
        return answer
    changed = [
        {**choice, "message": change(choice["message"])}
        if isinstance(choice.get("message"), dict)
        else choice
        for choice in choices
    ]
    return Answer(answer.status, {**answer.body, "choices": changed})


def with_usage(answer: Answer, change: Callable[[Mapping[str, int]], Mapping[str, int]]) -> Answer:
    """The answer with `change` made to its token counts, and their total made right."""
    usage = answer.body.get("usage")
    if not answer.ok or not isinstance(usage, dict):
        return answer
    told = {**usage, **change(usage)}
    told["total_tokens"] = told["prompt_tokens"] + told["completion_tokens"]
    return Answer(answer.status, {**answer.body, "usage": told})
