"""Evidence bundles: each complete run's answers as one file outside the database, then pruned from it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.utils import timezone

from leaderboard import selectors
from leaderboard.integrity.bundle import Answered, Veil, address, pack, place, sealed
from leaderboard.integrity.facts import EVIDENCE
from leaderboard.models import EvidenceBundle, HiddenPool
from leaderboard.services.transparency import append
from verifier.checks.session import Settings
from verifier.evidence.bundle import Header
from verifier.evidence.canonical import digest
from verifier.models import Observation, Run, RunState
from verifier.services.pools import suite_of
from verifier.services.working import Unusable
from verifier.suites import SuiteError

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Bundles that one call makes, or prunes, at most."""


class EvidenceDamaged(Exception):
    """The file is not there, or not what was stored; the message names it."""


def keep_evidence(run_id: UUID) -> EvidenceBundle | None:
    """Store the evidence of a complete public run, once, and tell the log. None where there is none to store.

    Raises EvidenceDamaged where the storage does not give back what it was given, Unusable and SuiteError
    where the hidden pool is not at hand that must not be told.
    """
    known = EvidenceBundle.objects.filter(pk=run_id).first()
    if known is not None:
        return known
    run = (
        Run.objects.select_related("baseline", "endpoint")
        .filter(pk=run_id, state=RunState.COMPLETE, private=False)
        .first()
    )
    if run is None or not Observation.objects.filter(run=run).exists():
        return None
    answered = list(_answered(run))
    data = pack(_manifest(run, len(answered)), answered, _veil(run))
    name = address(data)
    _store(name, data)
    try:
        with transaction.atomic():
            made = EvidenceBundle.objects.create(
                run=run, digest=name, size=len(data), answers=len(answered), kept=timezone.now()
            )
            append(EVIDENCE, str(run.pk), {"digest": name, "size": len(data), "answers": len(answered)})
    except IntegrityError:  # another worker kept it meanwhile
        return EvidenceBundle.objects.get(pk=run_id)
    return made


def read_evidence(bundle: EvidenceBundle) -> bytes:
    """The file. Raises EvidenceDamaged unless it is the one that was stored."""
    try:
        with storages["evidence"].open(place(bundle.digest)) as file:
            data = bytes(file.read())
    except Exception as error:  # a storage out of reach raises what its library likes
        raise EvidenceDamaged(f"The evidence {bundle.digest} can't be read: {error}") from error
    if address(data) != bundle.digest:
        raise EvidenceDamaged(f"The file of the evidence {bundle.digest} was changed.")
    return data


def damaged_evidence() -> Iterator[str]:
    """Read every bundle; a sentence for each that is gone or was changed."""
    for bundle in EvidenceBundle.objects.order_by("kept").iterator(AT_ONCE):
        try:
            read_evidence(bundle)
        except EvidenceDamaged as error:
            yield str(error)


def public_evidence(run: Run, bundle: EvidenceBundle) -> bytes:
    """The file as anybody may have it: answers to hidden prompts are sealed until their pool is retired.

    Raises EvidenceDamaged.
    """
    data, sha256 = read_evidence(bundle), run.baseline.hidden_sha256
    pool = HiddenPool.objects.filter(pk=sha256, retired=None).first() if sha256 else None
    return data if pool is None else sealed(data, bytes.fromhex(pool.salt))


def keep_missing() -> int:
    """Store what could not be stored when its run ended; how many were. One that fails disturbs no other."""
    kept = 0
    for run_id in selectors.runs_without_evidence(AT_ONCE):
        try:
            kept += keep_evidence(run_id) is not None
        except (EvidenceDamaged, Unusable, SuiteError) as error:
            log.error("evidence is not kept", run=str(run_id), reason=str(error))
    return kept


def prune_evidence() -> int:
    """Remove the rows of requests whose bundle is EVIDENCE_DAYS old and still whole; of how many runs."""
    if not settings.EVIDENCE_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.EVIDENCE_DAYS)
    pruned = 0
    for bundle in EvidenceBundle.objects.filter(pruned=None, kept__lt=before)[:AT_ONCE]:
        try:
            read_evidence(bundle)
        except EvidenceDamaged as error:
            log.error("evidence is not pruned", run=str(bundle.pk), reason=str(error))
            continue
        with transaction.atomic():
            Observation.objects.filter(run=bundle.pk).delete()
            EvidenceBundle.objects.filter(pk=bundle.pk).update(pruned=timezone.now())
        pruned += 1
    return pruned


def _manifest(run: Run, answers: int) -> dict[str, Any]:
    """Enough to judge it again, and what it was judged to be: names and digests."""
    result: dict[str, Any] = run.result or {}
    chosen = Settings(**{**run.settings, "seed": run.seed})
    named = {"base_url": run.endpoint.base_url, "upstream_model": run.endpoint.upstream_model}
    assert run.ended is not None, "a complete run has ended"
    return {
        **Header(chosen, result.get("endpoint") or named, run.baseline.digest).to_json(),
        "run": str(run.pk),
        "model": result.get("model"),
        "versions": result.get("versions"),
        "started": None if run.started is None else run.started.isoformat(),
        "ended": run.ended.isoformat(),
        "verdict": run.verdict,
        "result": digest(result),
        "answers": answers,
    }


def _answered(run: Run) -> Iterator[Answered]:
    rows = Observation.objects.filter(run=run).order_by("sequence", "id")
    for row in rows.values_list("key", "purpose", "request", "payload").iterator(500):
        yield Answered(*row)


def _veil(run: Run) -> Veil | None:
    sha256 = run.baseline.hidden_sha256
    if not sha256:
        return None
    pool, _ = HiddenPool.objects.get_or_create(sha256=sha256, defaults={"salt": secrets.token_hex(32)})
    return Veil(suite_of(run.baseline).prompts, bytes.fromhex(pool.salt))


def _store(name: str, data: bytes) -> None:
    """Store it, unless the very same file lies there, and read it again."""
    storage, path = storages["evidence"], place(name)
    try:
        if not storage.exists(path):
            storage.save(path, ContentFile(data))
        with storage.open(path) as file:
            kept = hashlib.sha256(file.read()).hexdigest()
    except Exception as error:  # as in read_evidence
        raise EvidenceDamaged(f"The storage can't keep {path}: {error}") from error
    if kept != name.removeprefix("sha256:"):
        raise EvidenceDamaged(f"The storage did not keep {path} as it was given.")
