"""A temperature of the provider's own: whatever is asked for, short of none, becomes 0.7."""

from __future__ import annotations

from verifier.lab.gateways.base import Answer, Request, Upstream

TEMPERATURE = 0.7


class Temperature:
    """Overrides `temperature` unless it is 0."""

    def __init__(self, official: Upstream) -> None:
        self._official = official

    async def answer(self, request: Request) -> Answer:
        """What the official weights say at another temperature."""
        asked = request.body.get("temperature", 1)
        # What is no number is refused by the server, as everywhere.
        warm = isinstance(asked, int | float) and asked > 0
        changed = request.having(temperature=TEMPERATURE) if warm else request
        return await self._official.ask(changed.path, changed.body)
