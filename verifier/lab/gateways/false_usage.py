"""Token counts that are not true: users pay for what was neither read nor written."""

from __future__ import annotations

import math
from collections.abc import Mapping

from verifier.lab.gateways.base import Answer, Request, Upstream
from verifier.lab.gateways.changing import with_usage


class FalseUsage:
    """Reports `prompt` tokens more than were read, and `factor` times as many as were written."""

    def __init__(self, official: Upstream, *, prompt: int = 0, factor: float = 1.0) -> None:
        self._official, self._prompt, self._factor = official, prompt, factor

    async def answer(self, request: Request) -> Answer:
        """What the official weights say, with other counts."""
        return with_usage(await self._official.ask(request.path, request.body), self._counted)

    def _counted(self, usage: Mapping[str, int]) -> Mapping[str, int]:
        return {
            "prompt_tokens": usage["prompt_tokens"] + self._prompt,
            "completion_tokens": math.ceil(usage["completion_tokens"] * self._factor),
        }
