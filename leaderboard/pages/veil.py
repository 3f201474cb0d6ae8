"""What pages do not tell of a run: hidden prompts and the answers to them, until their pool is retired.

The endpoint has read them, but others need not be told what they will be asked. Numbers stay: they are the
evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from leaderboard import selectors, withholding
from leaderboard.microscope import Place
from leaderboard.withholding import SAID
from verifier.checks.base import Purpose
from verifier.models import Observation
from verifier.suites import load, names


class Veil:
    """Over one run, some of whose prompts are from the hidden pool of this digest; "" is none."""

    def __init__(self, pool: str) -> None:
        self.hidden = bool(pool) and not selectors.pool_is_retired(pool)

    def over(self, row: Observation) -> Observation:
        """The same row, without what was asked and answered if the prompt is hidden. Not to be saved."""
        if self.hidden and row.purpose != Purpose.BEHAVIOUR and not _public_ids() & set(row.key.split("/")):
            body = {name: value for name, value in row.request["body"].items() if not _tells(value)}
            told = {"role": "user", "content": SAID}
            row.request = {**row.request, "body": {**body, "messages": [told]}}
            row.payload = withholding.payload(row.payload or {})
        return row

    def over_places(self, places: Iterable[Place]) -> list[Place]:
        """Places of the run, those of hidden prompts with numbers for tokens."""
        if not self.hidden:
            return list(places)
        known = _public_ids()
        return [one if one.context.prompt_id in known else withholding.place(one) for one in places]

    def over_context(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """A context of a finding, as `over` a row."""
        if self.hidden and context.get("prompt_id") not in _public_ids():
            return {**withholding.context(context), "prompt": SAID}
        return context

    def result_text(self, result: Mapping[str, Any] | None) -> str:
        """A run's whole result as JSON to read; the contexts of its findings as `over_context` tells them."""
        if not result:
            return ""
        if self.hidden:
            findings = [self._over_finding(one) for one in result.get("findings") or ()]
            result = {**result, "findings": findings}
        return json.dumps(result, indent=2, ensure_ascii=False)

    def _over_finding(self, finding: Mapping[str, Any]) -> Mapping[str, Any]:
        details = finding.get("details") or {}
        if not (contexts := details.get("most_divergent")):
            return finding
        told = [self.over_context(one) for one in contexts]
        return {**finding, "details": {**details, "most_divergent": told}}


def _tells(value: Any) -> bool:
    return isinstance(value, str | list | dict)


@cache
def _public_ids() -> frozenset[str]:
    return frozenset(prompt.id for name in names() for prompt in load(name).prompts)
