"""What pages do not tell of a run: the texts of hidden prompts, until their pool is retired.

The endpoint has read them, but others need not be told what they will be asked. Numbers, tokens and answers
stay: they are the evidence, as in the bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from leaderboard import selectors
from verifier.checks.base import Purpose
from verifier.models import Observation
from verifier.suites import load, names

SAID = "A prompt of the hidden pool: its text is published when the pool is retired."


class Veil:
    """Over one run, some of whose prompts are from the hidden pool of this digest; "" is none."""

    def __init__(self, pool: str) -> None:
        self.hidden = bool(pool) and not selectors.pool_is_retired(pool)

    def over(self, row: Observation) -> Observation:
        """The same row, without the text it asked if that is a hidden prompt's. It is not to be saved."""
        if self.hidden and row.purpose != Purpose.BEHAVIOUR and not _public_ids() & set(row.key.split("/")):
            body = {name: value for name, value in row.request["body"].items() if not _tells(value)}
            told = {"role": "user", "content": SAID}
            row.request = {**row.request, "body": {**body, "messages": [told]}}
        return row

    def over_context(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """A context of a finding, as `over` a row."""
        if self.hidden and context.get("prompt_id") not in _public_ids():
            return {**context, "prompt": SAID, "prefix": ""}
        return context


def _tells(value: Any) -> bool:
    return isinstance(value, str | list | dict)


@cache
def _public_ids() -> frozenset[str]:
    return frozenset(prompt.id for name in names() for prompt in load(name).prompts)
