"""Some requests, at random, meet a 503: an overloaded provider. Asked again, they may be answered."""

from __future__ import annotations

from random import Random

from verifier.lab.gateways.base import Answer, Request, Upstream, refusal

SHARE = 0.2
_SEED = 20


class Unavailable:
    """Refuses a share of the requests, whatever they ask, by a sequence of its own."""

    def __init__(self, official: Upstream, share: float = SHARE) -> None:
        self._official, self._share = official, share
        self._random = Random(_SEED)

    async def answer(self, request: Request) -> Answer:
        """What the official weights say, or that they cannot be asked."""
        if self._random.random() < self._share:
            return refusal(503, "the model is overloaded: try again later")
        return await self._official.ask(request.path, request.body)
