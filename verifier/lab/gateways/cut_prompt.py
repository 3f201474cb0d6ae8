"""A prompt longer than so many tokens loses its beginning, silently: a context shorter than advertised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.lab.gateways.base import CHAT, Answer, Request, Upstream, text_of

LONGEST = 1024
"""Tokens of a message that are read."""


class CutPrompt:
    """Of every message, only the last `tokens` tokens reach the weights."""

    def __init__(self, official: Upstream, tokens: int = LONGEST) -> None:
        self._official, self._tokens = official, tokens

    async def answer(self, request: Request) -> Answer:
        """What the official weights say to what is left."""
        if request.path == CHAT:
            left = [await self._cut(message) for message in request.messages]
            request = request.having(messages=left) if left else request
        return await self._official.ask(request.path, request.body)

    async def _cut(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        content = text_of(message.get("content"))
        if len(content) <= self._tokens:
            return message  # a token is at least a byte
        told = await self._official.ask("/tokenize", {"content": content})
        tokens = told.body.get("tokens", [])
        if len(tokens) <= self._tokens:
            return message
        told = await self._official.ask("/detokenize", {"tokens": tokens[-self._tokens :]})
        return {**message, "content": told.body["content"]}
