"""A slow first token: every answer waits, as in a queue that is too long."""

from __future__ import annotations

import asyncio

from verifier.lab.gateways.base import Answer, Request, Upstream

SECONDS = 1.5


class Slow:
    """Waits for `seconds` before it asks."""

    def __init__(self, official: Upstream, seconds: float = SECONDS) -> None:
        self._official, self._seconds = official, seconds

    async def answer(self, request: Request) -> Answer:
        """What the official weights say, later."""
        await asyncio.sleep(self._seconds)
        return await self._official.ask(request.path, request.body)
