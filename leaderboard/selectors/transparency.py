"""What is read of the transparency log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from django.db.models import Max

from leaderboard.integrity import merkle
from leaderboard.models import Checkpoint, LogEntry, LogHead, SigningKey


def log_head() -> LogHead | None:
    """The log's name and length; None before anything was appended. One query."""
    return LogHead.objects.first()


def log_entries(start: int, end: int) -> list[LogEntry]:
    """The entries from `start` to before `end`, in order. One query."""
    return list(LogEntry.objects.filter(index__gte=start, index__lt=end))


def log_entry(index: int) -> LogEntry | None:
    """One entry. One query."""
    return LogEntry.objects.filter(index=index).first()


def log_page(start: int, limit: int, chosen: Mapping[str, str]) -> list[LogEntry]:
    """So many entries from `start` on; `chosen` may name a kind and a subject. One query."""
    return list(LogEntry.objects.filter(index__gte=start, **chosen)[:limit])


def latest_entries(subjects: Iterable[tuple[str, str]]) -> dict[tuple[str, str], LogEntry]:
    """The last entry of each of these (kind, subject) that has one. One query."""
    wanted = set(subjects)
    kinds, names = {kind for kind, _ in wanted}, {name for _, name in wanted}
    newest = (
        LogEntry.objects.filter(kind__in=kinds, subject__in=names)
        .order_by()
        .values("kind", "subject")
        .annotate(newest=Max("index"))
        .values("newest")
    )
    found = {(entry.kind, entry.subject): entry for entry in LogEntry.objects.filter(index__in=newest)}
    return {key: entry for key, entry in found.items() if key in wanted}


def log_history(kind: str, subject: str) -> list[LogEntry]:
    """Every entry of one subject, in order. One query."""
    return list(LogEntry.objects.filter(kind=kind, subject=subject))


def hashes(nodes: Iterable[merkle.Node]) -> dict[merkle.Node, bytes]:
    """The stored hashes of these subtrees. One query; raises LogEntry.DoesNotExist where one is not there."""
    wanted = {node: merkle.holder(node) for node in nodes}
    indexes = {index for index, _ in wanted.values()}
    stored = dict(LogEntry.objects.filter(index__in=indexes).values_list("index", "hashes"))
    found = {}
    for node, (index, place) in wanted.items():
        text = stored.get(index, "")[64 * place : 64 * (place + 1)]
        if len(text) != 64:
            raise LogEntry.DoesNotExist(
                f"The log has no entry {index} that completes a subtree of level {place}."
            )
        found[node] = bytes.fromhex(text)
    return found


def root_of(size: int) -> bytes:
    """The root of the first `size` entries. One query."""
    return merkle.root(size, hashes(merkle.covering(0, size)).__getitem__)


def inclusion_proof(index: int, size: int) -> list[bytes]:
    """What proves that entry `index` is among the first `size`. One query; raises ValueError."""
    return _proof(merkle.inclusion(index, size))


def consistency_proof(first: int, second: int) -> list[bytes]:
    """What proves that the first `second` entries begin with the `first`. One query; raises ValueError."""
    return _proof(merkle.consistency(first, second))


def latest_checkpoint() -> Checkpoint | None:
    """The signed head of the greatest length. One query."""
    return Checkpoint.objects.first()


def signing_keys() -> list[SigningKey]:
    """Every key that ever signed, oldest first. One query."""
    return list(SigningKey.objects.all())


def _proof(parts: list[list[merkle.Node]]) -> list[bytes]:
    known = hashes(chain.from_iterable(parts))
    return [merkle.part(nodes, known.__getitem__) for nodes in parts]
