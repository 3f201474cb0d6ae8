"""Merkle trees as RFC 6962 section 2.1 defines them, by recursion over the entries: slow, and independent."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from leaderboard.integrity import merkle


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(d: Sequence[bytes]) -> bytes:
    if not d:
        return sha256(b"").digest()
    if len(d) == 1:
        return sha256(b"\x00" + d[0]).digest()
    k = split(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: Sequence[bytes]) -> list[bytes]:
    return subproof(m, d, True)


def subproof(m: int, d: Sequence[bytes], b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


class Log:
    """A log as the server keeps one: the hashes that each entry completes."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = list(entries)
        self._stored: list[tuple[bytes, ...]] = []
        for index, data in enumerate(self.entries):
            self._stored.append(merkle.completed(data, index, self.node))

    def node(self, node: merkle.Node) -> bytes:
        index, place = merkle.holder(node)
        return self._stored[index][place]

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return [merkle.part(nodes, self.node) for nodes in merkle.inclusion(index, size)]

    def consistency(self, first: int, second: int) -> list[bytes]:
        return [merkle.part(nodes, self.node) for nodes in merkle.consistency(first, second)]
