"""Whether what is published is what the transparency log says, and the log what it was: every difference.

Nothing here trusts a stored hash: each entry is hashed again, each published row is told again from the
database and compared with what was appended when it was published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from leaderboard.integrity import merkle
from leaderboard.integrity.facts import BOARD, VERDICT, board_fact, verdict_fact
from leaderboard.models import Checkpoint, LogEntry, LogHead, Snapshot
from leaderboard.selectors.audit_records import recorded
from leaderboard.selectors.audit_rows import Told, certified, compared, served, stored
from verifier.certificate import KeySet, Refused, read_checkpoint
from verifier.evidence.canonical import digest, rounded
from verifier.models import Finding, Run

Notes = Mapping[str, str]
"""Checkpoints that were kept elsewhere: where -> signed note."""


def audit(keys: KeySet, kept: Notes) -> Iterator[str]:
    """A sentence for each thing that is not as it was published; nothing when all is well."""
    tree = _Tree()
    said: dict[tuple[str, str], dict[str, Any]] = {}
    history: dict[tuple[str, str], list[Told]] = {}
    told: dict[UUID, tuple[int, dict[str, Any]]] = {}
    size = 0
    for entry in LogEntry.objects.order_by("index").iterator(500):
        if entry.index != size:
            yield f"The log has no entry {size}: it was taken away."
            return
        if wrong := tree.entry(entry):
            yield f"Log entry {entry.index} ({entry.kind} of {entry.subject}) was changed: {wrong}."
        body = _body(entry)
        said[entry.kind, entry.subject] = body
        history.setdefault((entry.kind, entry.subject), []).append(Told(entry.recorded, body))
        if entry.kind == VERDICT and isinstance(body.get("run"), dict):
            told[UUID(body["run"]["id"])] = (entry.index, body)
        size += 1
    head = LogHead.objects.first()
    if head is not None and head.size != size:
        yield f"The log's head counts {head.size} entries, and there are {size}."
    ours = {f"checkpoint {one.size} of this database": one.note for one in Checkpoint.objects.all()}
    for place, note in {**ours, **kept}.items():
        if wrong := _checkpoint(note, keys, size, tree.hashed):
            yield f"The {place} does not fit this log: {wrong}."
    yield from _boards(said)
    yield from _runs(told)
    yield from served(history)
    yield from certified(history)
    yield from stored(history)
    yield from recorded(history)


class _Tree:
    """The hashes of the log made anew from its entries, and those that stand in the database."""

    def __init__(self) -> None:
        self.hashed: dict[merkle.Node, bytes] = {}
        self._stored: dict[merkle.Node, bytes] = {}

    def entry(self, entry: LogEntry) -> str:
        """What is wrong with one entry in itself; an earlier one that was changed is not held against it."""
        data, index = entry.leaf.encode(), entry.index
        stands = merkle.completed(data, index, self._stored.__getitem__)
        for known, values in (
            (self.hashed, merkle.completed(data, index, self.hashed.__getitem__)),
            (self._stored, stands),
        ):
            known |= {(level, index >> level): value for level, value in enumerate(values)}
        for level in range(len(stands)):
            with suppress(ValueError):
                kept = bytes.fromhex(entry.hashes[64 * level : 64 * (level + 1)])
                self._stored[level, index >> level] = kept or stands[level]
        if "".join(value.hex() for value in stands) != entry.hashes:
            return "its hash is another"
        try:
            leaf = json.loads(entry.leaf)
            recorded = datetime.fromisoformat(leaf["recorded"])
            told = (leaf["kind"], leaf["subject"], digest(leaf["body"]), recorded)
        except (ValueError, KeyError, TypeError) as error:
            return f"it cannot be read ({error})"
        if told != (entry.kind, entry.subject, entry.body_digest, entry.recorded):
            return "its row says something else than the entry"
        return ""


def _body(entry: LogEntry) -> dict[str, Any]:
    try:
        body = json.loads(entry.leaf)["body"]
    except (ValueError, KeyError, TypeError):
        return {}
    return body if isinstance(body, dict) else {}


def _checkpoint(note: str, keys: KeySet, size: int, nodes: Mapping[merkle.Node, bytes]) -> str:
    try:
        known = read_checkpoint(note, keys)
    except Refused as refused:
        return refused.reason.rstrip(".").lower()
    if known.size > size:
        return f"it covers {known.size} entries, and there are {size}: an older database was restored"
    if merkle.root(known.size, nodes.__getitem__) != known.root:
        return f"the first {known.size} entries are not those that were signed"
    return ""


def _boards(said: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[str]:
    there = set()
    for snapshot in Snapshot.objects.select_related("model").order_by("model__org", "model__name"):
        name = f"The published board of {snapshot.model} (snapshot {snapshot.pk})"
        there.add(str(snapshot.model_id))
        if (found := digest(snapshot.board)) != snapshot.digest:
            yield f"{name} was changed: its digest is {found}, and it was published as {snapshot.digest}."
        fact = board_fact(snapshot.board, snapshot.digest, snapshot.published.isoformat())
        yield from compared(name, said.get((BOARD, str(snapshot.model_id))), fact.body)
        yield from _rows(snapshot, said)
    for kind, subject in said:
        if kind == BOARD and subject not in there:
            yield f"The published board of {said[kind, subject].get('model')} ({subject}) is gone."


def _rows(snapshot: Snapshot, said: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[str]:
    rows = [row for row in snapshot.board["rows"] if row["run"] is not None and row["result"] is not None]
    results = dict(Run.objects.filter(pk__in=[row["run"]["id"] for row in rows]).values_list("id", "result"))
    for row in rows:
        name = f"The row of {row['endpoint']['label']} (endpoint {row['endpoint']['id']})"
        result = results.get(UUID(row["run"]["id"]))
        if result is None:
            yield f"{name} rests on run {row['run']['id']}, which is gone."
            continue
        fact = verdict_fact(snapshot.board, row, digest(result))
        assert fact is not None, "the row has a run and a result"
        yield from compared(name, said.get((VERDICT, fact.subject)), fact.body)


def _runs(told: Mapping[UUID, tuple[int, Mapping[str, Any]]]) -> Iterator[str]:
    """Every run that a published verdict ever rested on, against the last entry that names it."""
    findings: dict[UUID, list[Finding]] = {}
    for finding in Finding.objects.filter(run__in=list(told)).order_by("id"):
        findings.setdefault(finding.run_id, []).append(finding)
    runs = Run.objects.in_bulk(list(told))
    for key, (index, body) in told.items():
        name, run = f"Run {key}", runs.get(key)
        if run is None:
            yield f"{name}, which log entry {index} rests on, is gone."
            continue
        result = run.result or {}
        yield from compared(
            name, body["run"], {"id": str(key), "ended": _text(run.ended), "result": digest(result)}
        )
        fidelity = result.get("fidelity") or {}
        columns = {
            "verdict": run.verdict,
            "fidelity": run.fidelity,
            "fidelity_low": run.fidelity_low,
            "fidelity_high": run.fidelity_high,
        }
        numbers = {
            f"fidelity{end and '_' + end}": fidelity.get(end or "value") for end in ("", "low", "high")
        }
        yield from compared(f"{name} in its columns", {"verdict": result.get("verdict"), **numbers}, columns)
        rows = [_finding(vars(one) | {"check": one.check_name}) for one in findings.get(key, ())]
        if rows != [_finding(one) for one in result.get("findings") or ()]:
            yield f"The findings of run {key} are not those of its result."


def _finding(one: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("check", "version", "outcome", "cause", "estimate", "low", "high", "n", "unit", "details")
    said = rounded({name: one[name] for name in names})
    return tuple({**said, "cause": said["cause"].replace("\x00", "\ufffd")}.values())


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
