"""The whole answer where a model's thoughts belong, and none in its place: a parser set up wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.lab.gateways.base import Answer, Request, Upstream
from verifier.lab.gateways.changing import with_messages


class OnlyReasoning:
    """Moves the text of every answer to the field `name`."""

    def __init__(self, official: Upstream, name: str = "reasoning_content") -> None:
        self._official, self._name = official, name

    async def answer(self, request: Request) -> Answer:
        """What the official weights say, out of sight."""
        return with_messages(await self._official.ask(request.path, request.body), self._moved)

    def _moved(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        text = message.get("content")
        return {**message, self._name: text, "content": None} if text else message
