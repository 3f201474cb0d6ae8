"""Errors sent with status 200: clients take them for answers, and fail later and elsewhere."""

from __future__ import annotations

from verifier.lab.gateways.base import Answer, Request, Upstream


class ErrorsAsOk:
    """Refuses what the server refuses, with its words, and says that all is well."""

    def __init__(self, official: Upstream) -> None:
        self._official = official

    async def answer(self, request: Request) -> Answer:
        """What the official weights say."""
        answer = await self._official.ask(request.path, request.body)
        return answer if answer.ok else Answer(200, answer.body)
