"""Parameters that are taken and thrown away: what was asked for is not had, and nobody is told."""

from __future__ import annotations

from verifier.lab.gateways.base import Answer, Request, Upstream


class Without:
    """Leaves parameters out of every request."""

    def __init__(self, official: Upstream, *names: str) -> None:
        self._official, self._names = official, names

    async def answer(self, request: Request) -> Answer:
        """What the official weights say to the rest of the request."""
        return await self._official.ask(request.path, request.without(*self._names).body)
