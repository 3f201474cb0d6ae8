"""A context shorter than advertised: of a long conversation only the end of the last question is read."""

from __future__ import annotations

from verifier.lab.gateways.base import CHAT, Answer, Request, Upstream, text_of

LONGEST = 1200
"""Characters of a conversation, all messages together, that are still read whole."""
KEPT = 1000
"""Characters that are kept of the last user message of a longer one."""


class CutContext:
    """Drops what stands before the last `KEPT` characters of the user's last message, without a word."""

    def __init__(self, official: Upstream) -> None:
        self._official = official

    async def answer(self, request: Request) -> Answer:
        """What the official weights say to what is left."""
        changed = cut(request)
        return await self._official.ask(changed.path, changed.body)


def cut(request: Request) -> Request:
    """The request as the server gets to see it; a trailing assistant message stays, to be continued."""
    if request.path != CHAT:
        prompt = request.body.get("prompt")
        long = isinstance(prompt, str) and len(prompt) > LONGEST
        return request.having(prompt=prompt[-KEPT:]) if isinstance(prompt, str) and long else request
    if sum(len(text_of(one.get("content"))) for one in request.messages) <= LONGEST:
        return request
    left = [{"role": "user", "content": request.user_text[-KEPT:]}]
    if request.prefix:
        left.append(dict(request.messages[-1]))
    return request.having(messages=left)
