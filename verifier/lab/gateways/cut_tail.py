"""The tail of every distribution cut off: only the likelier tokens are ever drawn, whatever is asked for."""

from __future__ import annotations

from verifier.lab.gateways.base import Answer, Request, Upstream

FORCED = {"top_k": 40, "top_p": 0.95, "min_p": 0.05}


class CutTail:
    """Overrides `top_k`, `top_p` and `min_p`."""

    def __init__(self, official: Upstream) -> None:
        self._official = official

    async def answer(self, request: Request) -> Answer:
        """What the official weights say, drawn from the likelier tokens."""
        changed = request.having(**FORCED)
        return await self._official.ask(changed.path, changed.body)
