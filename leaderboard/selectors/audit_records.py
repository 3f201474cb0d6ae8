"""Whether objections, signing keys and retired pools are what the log says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from leaderboard.integrity.facts import DISPUTE, KEY, POOL, Fact, dispute_fact, key_fact, pool_fact
from leaderboard.models import Dispute, HiddenPool, SigningKey
from leaderboard.selectors.audit_rows import History, compared


def recorded(history: History) -> Iterator[str]:
    """Each row that is told of in the log as it stands now, against the last that was told of it."""
    disputes = Dispute.objects.select_related("endpoint__model").order_by("id")
    yield from _kept(history, "Objection", DISPUTE, map(dispute_fact, disputes.iterator(500)))
    yield from _kept(history, "Signing key", KEY, map(key_fact, SigningKey.objects.all()))
    pools = HiddenPool.objects.exclude(retired=None).order_by("sha256")
    yield from _kept(history, "Retired pool", POOL, map(pool_fact, pools))


def _kept(history: History, name: str, kind: str, facts: Iterable[Fact]) -> Iterator[str]:
    there = set()
    for fact in facts:
        there.add(fact.subject)
        yield from compared(f"{name} {fact.subject}", _last(history, kind, fact.subject), fact.body)
    for of, subject in history:
        if of == kind and subject not in there:
            yield f"{name} {subject}, which the log tells of, is gone."


def _last(history: History, kind: str, subject: str) -> Mapping[str, object] | None:
    entries = history.get((kind, subject))
    return entries[-1].body if entries else None
