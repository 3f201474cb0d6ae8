"""Arguments of tool calls in a code fence, as models write them for people: no client can parse them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.lab.gateways.base import Answer, Request, Upstream
from verifier.lab.gateways.changing import with_messages


class Fence:
    """Puts `opening` and `closing` around the arguments of every call."""

    def __init__(self, official: Upstream, opening: str = "```json\n", closing: str = "\n```") -> None:
        self._official, self._opening, self._closing = official, opening, closing

    async def answer(self, request: Request) -> Answer:
        """What the official weights say, its calls fenced in."""
        return with_messages(await self._official.ask(request.path, request.body), self._fenced)

    def _fenced(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        calls = message.get("tool_calls")
        return {**message, "tool_calls": [self._call(call) for call in calls]} if calls else message

    def _call(self, call: Mapping[str, Any]) -> Mapping[str, Any]:
        function = call["function"]
        arguments = f"{self._opening}{function['arguments']}{self._closing}"
        return {**call, "function": {**function, "arguments": arguments}}
