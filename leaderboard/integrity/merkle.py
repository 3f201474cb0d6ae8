"""Merkle trees as in RFC 6962: roots, and proofs of inclusion and consistency, from stored hashes. Pure.

Entry n completes as many subtrees as n + 1 has trailing zero bits; their hashes are stored with it, so that a
root or a proof takes the hashes of a few entries, however long the log is. What checks a proof of inclusion
lives in verifier.certificate, which people run by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from verifier.certificate import leaf_hash, node_hash

EMPTY_ROOT = hashlib.sha256().digest()
"""The root of a log without entries."""

Node = tuple[int, int]
"""A complete subtree: (level, position). It spans the `1 << level` entries from `position << level` on."""

Hashes = Callable[[Node], bytes]
"""The hash of each complete subtree that lies within the log."""


def completed(data: bytes, index: int, hashes: Hashes) -> tuple[bytes, ...]:
    """The hashes of the subtrees that the entry `data`, number `index`, completes: its own, then upwards.

    `hashes` is asked for subtrees of the entries before it.
    """
    found = [leaf_hash(data)]
    level = 0
    while (index >> level) & 1:
        found.append(node_hash(hashes((level, (index >> level) - 1)), found[-1]))
        level += 1
    return tuple(found)


def holder(node: Node) -> tuple[int, int]:
    """Where the hash of a subtree is stored: (entry, place among the hashes that the entry completes)."""
    level, position = node
    return ((position + 1) << level) - 1, level


def root(size: int, hashes: Hashes) -> bytes:
    """The root of the first `size` entries."""
    return _joined([hashes(node) for node in covering(0, size)])


def covering(start: int, end: int) -> list[Node]:
    """The fewest complete subtrees that span the entries from `start` to `end`, from left to right.

    `start` is 0 or the left end of a subtree that reaches beyond `end` (a split point of the tree).
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return found


def inclusion(index: int, size: int) -> list[list[Node]]:
    """What proves that entry `index` is among the first `size`: one list of subtrees for each part.

    The subtrees of one list are joined into one hash (`part`). Raises ValueError unless index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no entry {index} among {size}")
    return [covering(start, end) for start, end in _inclusion(index, 0, size)]


def consistency(first: int, second: int) -> list[list[Node]]:
    """What proves that the log of `second` entries begins with that of `first`, as for `inclusion`.

    Raises ValueError unless 0 <= first <= second.
    """
    if not 0 <= first <= second:
        raise ValueError(f"a log of {second} entries does not begin with {first}")
    if first in (0, second):
        return []
    return [covering(start, end) for start, end in _consistency(first, 0, second, whole=True)]


def part(nodes: Sequence[Node], hashes: Hashes) -> bytes:
    """One part of a proof: the hash over these neighbouring subtrees."""
    return _joined([hashes(node) for node in nodes])


def _joined(found: list[bytes]) -> bytes:
    if not found:
        return EMPTY_ROOT
    value = found.pop()
    while found:
        value = node_hash(found.pop(), value)
    return value


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _inclusion(index: int, start: int, end: int) -> list[tuple[int, int]]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_inclusion(index, start, middle), (middle, end)]
    return [*_inclusion(index, middle, end), (start, middle)]


def _consistency(first: int, start: int, end: int, *, whole: bool) -> list[tuple[int, int]]:
    if first == end:
        return [] if whole else [(start, end)]
    middle = start + _split(end - start)
    if first <= middle:
        return [*_consistency(first, start, middle, whole=whole), (middle, end)]
    return [*_consistency(first, middle, end, whole=False), (start, middle)]


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether the log of `second` entries begins with the very log of `first` entries."""
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second or not proof:
        # Nothing is a beginning of everything; there is no proof to give.
        return first == 0 and not proof and first_root == EMPTY_ROOT
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for part in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(part, old), node_hash(part, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, part)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == first_root and new == second_root
