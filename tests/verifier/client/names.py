"""A resolver that answers what a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence


class Names:
    """Names to addresses. A list of lists is consumed answer by answer; the last one stays."""

    def __init__(self, table: Mapping[str, Sequence[str] | Sequence[Sequence[str]]]) -> None:
        self._table = table
        self.asked: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        if host not in self._table:
            raise OSError("Name or service not known")
        answers = self._table[host]
        if answers and not isinstance(answers[0], str):
            turn = sum(1 for asked, _ in self.asked if asked == host) - 1
            return list(answers[min(turn, len(answers) - 1)])
        return [str(answer) for answer in answers]


class Never:
    """A resolver that does not answer."""

    async def resolve(self, host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []


class Forbidden:
    """A resolver that must not be asked."""

    async def resolve(self, host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up although its text is refused")
