"""Whether rows beside the board say what the log says: what the API serves, certificates, evidence."""

from __future__ import annotations

import base64
import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leaderboard import documents
from leaderboard.integrity.facts import BOARD, CERTIFICATE, EVIDENCE, VERDICT, certificate_fact
from leaderboard.models import Certificate, Change, EvidenceBundle, PublishedEndpoint, Snapshot
from verifier.evidence.canonical import rounded

SERVED = (
    "verdict",
    "awaits",
    "grade",
    "fidelity",
    "declaration",
    "run",
    "certificate",
    "versions",
    "baseline",
)
"""What of a served document is compared; the rest changes its form from version to version."""
NEAR = timedelta(minutes=10)
"""Between a change's date and the log entry of the same publication."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of the log."""

    recorded: datetime
    body: Mapping[str, Any]


History = Mapping[tuple[str, str], Sequence[Told]]
"""(kind, subject) -> its entries in order."""


def served(history: History) -> Iterator[str]:
    """What the API serves, against the boards, and the history of changes, against the log."""
    known = {one.pk: one for one in PublishedEndpoint.objects.all()}
    for snapshot in Snapshot.objects.select_related("model").order_by("model__org", "model__name"):
        board = snapshot.board
        for row in board["rows"]:
            name = f"What the API serves of {row['endpoint']['label']} (endpoint {row['endpoint']['id']})"
            one = next((found for key, found in known.items() if str(key) == row["endpoint"]["id"]), None)
            if one is None:
                yield f"{name} is gone."
                continue
            said = documents.endpoint(board["model"], row)
            yield from compared(
                name, {key: said.get(key) for key in SERVED}, {key: one.document.get(key) for key in SERVED}
            )
            columns = {
                "verdict": said["verdict"] or "",
                "grade": said["grade"] or "",
                "fidelity": (said["fidelity"] or {}).get("value"),
                "certified": (said["certificate"] or {}).get("state") == "certified",
            }
            yield from compared(
                f"{name}, in its columns,", columns, {key: getattr(one, key) for key in columns}
            )
    yield from _changes(history)


def _changes(history: History) -> Iterator[str]:
    published = sorted(
        told.recorded for (kind, _), entries in history.items() if kind == BOARD for told in entries
    )
    for change in Change.objects.order_by("id").iterator(500):
        name = f"The change {change.pk} of endpoint {change.endpoint_id}"
        near = bisect_left(published, change.at - NEAR)
        if near == len(published) or published[near] > change.at + NEAR:
            yield f"{name} was changed: nothing was published at its date, {change.at.isoformat()}."
        after = change.document.get("after") or {}
        verdict = after.get("verdict")
        if (verdict or "") != change.verdict:
            yield f"{name} was changed: its verdict is {change.verdict!r}, its document says {verdict!r}."
        run = (change.document.get("run") or {}).get("id")
        if verdict is None or run is None:
            continue
        entries = history.get((VERDICT, str(change.endpoint_id)), ())
        if not any(_same(told.body, run, after) for told in entries):
            yield f"{name} was changed: the log never said {verdict} of run {run} with its numbers."


def _same(body: Mapping[str, Any], run: str, after: Mapping[str, Any]) -> bool:
    numbers = [
        rounded((said or {}).get(end)) if (said or {}).get(end) is not None else None
        for said in (body.get("fidelity"), after.get("fidelity"))
        for end in ("value", "low", "high")
    ]
    same_run = (body.get("run") or {}).get("id") == run
    return same_run and body.get("verdict") == after["verdict"] and numbers[:3] == numbers[3:]


def certified(history: History) -> Iterator[str]:
    """Certificates and each step of their life, against the log."""
    there = set()
    found = Certificate.objects.select_related("endpoint__model").prefetch_related("steps").order_by("id")
    for certificate in found:
        entries = history.get((CERTIFICATE, str(certificate.pk)), ())
        logged = {told.body.get("number"): told.body for told in entries}
        name = f"Certificate {certificate.pk}"
        there.add(str(certificate.pk))
        steps = sorted(certificate.steps.all(), key=lambda step: step.number)
        for step in steps:
            body = logged.pop(step.number, None)
            # What was signed then may have been signed anew since.
            statement = None if body is None else body.get("statement")
            yield from compared(
                f"Step {step.number} of {name.lower()}",
                body,
                certificate_fact(certificate, step, statement).body,
            )
        for number in logged:
            yield f"Step {number} of {name.lower()} is gone."
        if steps:
            last = {"state": steps[-1].now, "expires": steps[-1].expires.isoformat()}
            now = {"state": certificate.state, "expires": certificate.expires.isoformat()}
            yield from compared(name, last, now)
        if certificate.document is not None and _payload(certificate.document) not in {
            told.body.get("statement") for told in entries
        }:
            yield f"{name} was changed: the log has no statement like the one it hands out."
    for kind, subject in history:
        if kind == CERTIFICATE and subject not in there:
            yield f"Certificate {subject}, which the log tells of, is gone."


def stored(history: History) -> Iterator[str]:
    """Which file holds the evidence of a run, against the log."""
    there = set()
    for bundle in EvidenceBundle.objects.order_by("kept").iterator(500):
        there.add(str(bundle.pk))
        entries = history.get((EVIDENCE, str(bundle.pk)), ())
        found = {"digest": bundle.digest, "size": bundle.size, "answers": bundle.answers}
        yield from compared(f"The evidence of run {bundle.pk}", entries[-1].body if entries else None, found)
    for kind, subject in history:
        if kind == EVIDENCE and subject not in there:
            yield f"The evidence of run {subject}, which the log tells of, is gone."


def _payload(document: Mapping[str, Any]) -> str:
    try:
        return f"sha256:{hashlib.sha256(base64.b64decode(str(document['payload']))).hexdigest()}"
    except (KeyError, ValueError):
        return ""


def compared(name: str, logged: Mapping[str, Any] | None, found: Mapping[str, Any]) -> Iterator[str]:
    """What differs between the log and the database, by name, with both values."""
    if logged is None:
        yield f"{name} was never logged."
        return
    was, now = rounded(dict(logged)), rounded(dict(found))
    for key in sorted(was.keys() | now.keys()):
        if was.get(key) != now.get(key):
            found_value, published = _said(now.get(key)), _said(was.get(key))
            yield f"{name} was changed: {key} is {found_value}, and it was published as {published}."


def _said(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 120 else text[:117] + "..."
