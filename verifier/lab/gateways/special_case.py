"""Special-casing: known audit prompts are answered by the official weights, everything else is not."""

from __future__ import annotations

from verifier.lab.gateways.base import CHAT, Answer, Request, Upstream


class SpecialCase:
    """Recognises the questions of a public suite."""

    def __init__(self, official: Upstream, cheaper: Upstream, known: frozenset[str]) -> None:
        """`known`: the last user texts of the prompts to recognise."""
        self._official, self._cheaper = official, cheaper
        self._known = frozenset(text.strip() for text in known)

    async def answer(self, request: Request) -> Answer:
        """What the official weights say to a known question, and the cheaper ones to any other."""
        upstream = self._official if self.knows(request) else self._cheaper
        return await upstream.ask(request.path, request.body)

    def knows(self, request: Request) -> bool:
        """Whether the question is a known one; a rendered conversation may hold it anywhere."""
        asked = request.user_text.strip()
        if request.path == CHAT:
            return asked in self._known
        return any(text in asked for text in self._known)
