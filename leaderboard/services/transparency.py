"""The transparency log: the only writer. Whatever is published is appended in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from leaderboard import selectors
from leaderboard.integrity import merkle
from leaderboard.integrity.facts import Fact
from leaderboard.integrity.tiles import MAX_ENTRY
from leaderboard.kept_pages import Store
from leaderboard.models import LogEntry, LogHead
from verifier.evidence.canonical import canonical_json, digest

ENTRY = 1
"""The version of an entry's form."""


def append(kind: str, subject: str, body: Mapping[str, Any]) -> LogEntry:
    """Append one fact, unless it is what the log said last of this subject; returns its entry.

    Call it in the transaction that publishes the fact, as late as possible: whoever else appends waits until
    that transaction ends.
    """
    return append_all([Fact(kind, subject, body)])[0]


@transaction.atomic
def append_all(facts: Sequence[Fact]) -> list[LogEntry]:
    """Append several facts in this order, as `append` does; returns the entry of each."""
    if not facts:
        return []
    head = locked_head()
    known = selectors.latest_entries({(fact.kind, fact.subject) for fact in facts})
    nodes = selectors.hashes(merkle.covering(0, head.size))
    now = timezone.now()
    appended: list[LogEntry] = []
    entries: list[LogEntry] = []
    for fact in facts:
        said = digest(fact.body)
        entry = known.get((fact.kind, fact.subject))
        if entry is None or entry.body_digest != said:
            index = head.size + len(appended)
            leaf = canonical_json(
                {
                    "assay_log": ENTRY,
                    "kind": fact.kind,
                    "subject": fact.subject,
                    "recorded": now.isoformat(),
                    "body": fact.body,
                }
            )
            if len(leaf) > MAX_ENTRY:
                raise ValueError(
                    f"An entry has at most {MAX_ENTRY} bytes, and this {fact.kind} has {len(leaf)}."
                )
            hashes = merkle.completed(leaf, index, nodes.__getitem__)
            nodes |= {(level, index >> level): value for level, value in enumerate(hashes)}
            entry = LogEntry(
                index=index,
                kind=fact.kind,
                subject=fact.subject,
                leaf=leaf.decode(),
                body_digest=said,
                hashes="".join(value.hex() for value in hashes),
                recorded=now,
            )
            known[fact.kind, fact.subject] = entry
            appended.append(entry)
        entries.append(entry)
    if appended:
        LogEntry.objects.bulk_create(appended)
        head.size += len(appended)
        head.save(update_fields=["size"])
        transaction.on_commit(Store().new_edition, robust=True)
    return entries


def locked_head() -> LogHead:
    """The log's head, which no other transaction may change until this one ends."""
    head = LogHead.objects.select_for_update().first()
    if head is None:
        LogHead.objects.get_or_create(pk=1, defaults={"origin": settings.LOG_ORIGIN})
        head = LogHead.objects.select_for_update().get()
    return head
