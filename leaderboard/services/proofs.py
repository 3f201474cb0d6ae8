"""Proving that an origin is an organisation's: begun, looked for, found, lost.

A token proves once, one origin, for one organisation, within a week. A proof that was found is looked for
again every day and before anything that it is needed for; one that is gone for good has to be begun anew.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop as noop
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from leaderboard import selectors
from leaderboard.models import Organisation, OwnershipProof, ProofMethod, ProofState
from leaderboard.origins import file_url, txt_name, txt_value
from leaderboard.services import audit
from verifier.client.documents import NotFetched, fetch
from verifier.client.limits import Limits
from verifier.client.txt import DnsTxt, TxtResolver
from verifier.services.registry import egress_policy

log = structlog.get_logger(__name__)

LIFETIME = timedelta(days=7)
AGAIN = timedelta(days=1)
ASK_AGAIN = timedelta(seconds=10)
LOST_AFTER = 3
"""Daily checks in a row without it, before a proof has lapsed."""
EXPIRED = noop("It was not found within seven days. Begin anew: the old token proves nothing now.")
CHECK = "leaderboard.check_proof"
LIMITS = Limits(deadline=10.0, connect=5.0, max_bytes=4096, concurrency=1)

Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at an origin found: how it is proven, else what was there instead."""

    method: str = ""
    reason: str = ""


@transaction.atomic
def begin_proof(organisation: Organisation, user: User, origin: str) -> OwnershipProof:
    """The challenge of this organisation about this origin: the one that is pending, else a new one."""
    pending = OwnershipProof.objects.select_for_update().filter(
        organisation=organisation, origin=origin, state=ProofState.PENDING
    )
    now = timezone.now()
    for one in pending:
        if one.expires > now:
            return one
        _expire(one)
    return OwnershipProof.objects.create(
        organisation=organisation,
        started_by=user,
        origin=origin,
        token=secrets.token_urlsafe(32),
        value=secrets.token_urlsafe(32),
        expires=now + LIFETIME,
    )


@transaction.atomic
def pursue(organisation: Organisation, user: User, origin: str) -> OwnershipProof:
    """What comes next about an origin: have its proof looked for now, or begin one where none is under way.

    Returns the challenge that waits to be met, else the proof that holds.
    """
    known = selectors.proof_of_origin(organisation, origin)
    pending = selectors.pending_proof(organisation, origin)
    if pending is None and (known is None or known.state != ProofState.PROVEN):
        return begin_proof(organisation, user, origin)
    waiting = [one for one in (pending, known) if one is not None]
    for one in waiting:
        ask_check(one)
        one.refresh_from_db()
    return waiting[0]


def ask_check(proof: OwnershipProof) -> bool:
    """Have a worker look now. False where it was asked for a moment ago."""
    now = timezone.now()
    waiting = OwnershipProof.objects.filter(
        Q(asked=None) | Q(asked__lte=now - ASK_AGAIN),
        pk=proof.pk,
        state__in=[ProofState.PENDING, ProofState.PROVEN],
    )
    if not waiting.update(asked=now):
        return False
    transaction.on_commit(lambda: _ring(proof.pk))
    return True


def _ring(proof_id: UUID) -> None:
    try:
        current_app.send_task(CHECK, args=[str(proof_id)], retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("no worker was called; the sweep does it", proof=str(proof_id), reason=str(error))


def check_due() -> int:
    """Look for everything that was asked for and not looked at since, and daily for what was found."""
    now = timezone.now()
    due = OwnershipProof.objects.filter(
        Q(state=ProofState.PENDING, expires__lte=now)
        | Q(state__in=[ProofState.PENDING, ProofState.PROVEN], asked__isnull=False)
        & (Q(checked=None) | Q(checked__lt=F("asked")))
        | Q(state=ProofState.PROVEN, checked__lt=now - AGAIN)
    )
    found = list(due.order_by("checked").values_list("pk", flat=True)[:50])
    for one in found:
        check_proof(one)
    return len(found)


def check_proof(
    proof_id: UUID, *, get: Fetch | None = None, txt: TxtResolver | None = None
) -> OwnershipProof:
    """Look for a proof now, and write down what was found. Raises OwnershipProof.DoesNotExist."""
    proof = OwnershipProof.objects.get(pk=proof_id)
    if proof.state not in (ProofState.PENDING, ProofState.PROVEN):
        return proof
    expired = proof.state == ProofState.PENDING and proof.expires <= timezone.now()
    found = Found()
    if not expired:
        found = async_to_sync(look)(proof, get or _get, txt or DnsTxt(settings.DNS_SERVERS))
    return _settle(proof_id, found)


async def look(proof: OwnershipProof, get: Fetch, txt: TxtResolver) -> Found:
    """The file first, then the record. Reads only."""
    told = await _file(proof, get)
    if not told.method and (name := txt_name(proof.origin)):
        record = await _record(proof, name, txt)
        told = record if record.method else Found(reason=f"{told.reason} {record.reason}")
    return told


async def _get(url: str) -> bytes:
    return await fetch(url, egress_policy(), limits=LIMITS, accept="text/plain")


async def _file(proof: OwnershipProof, get: Fetch) -> Found:
    try:
        body = await get(file_url(proof.origin, proof.token))
    except NotFetched as error:
        return Found(reason=str(error))
    if hmac.compare_digest(body.strip(), proof.value.encode()):
        return Found(ProofMethod.FILE)
    where = file_url(proof.origin, proof.token)
    return Found(reason=f"{where} answers, but with another text than the one it should hold.")


async def _record(proof: OwnershipProof, name: str, txt: TxtResolver) -> Found:
    try:
        records = await txt.records(name)
    except OSError as error:
        return Found(reason=str(error))
    wanted = txt_value(proof.value).encode()
    if any(hmac.compare_digest(text.strip().encode(), wanted) for text in records):
        return Found(ProofMethod.DNS)
    other = f"has {len(records)} TXT records, none of them ours" if records else "has no TXT record"
    return Found(reason=f"{name} {other}.")


@transaction.atomic
def _settle(proof_id: UUID, found: Found) -> OwnershipProof:
    proof = (
        OwnershipProof.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=proof_id)
    )
    now = timezone.now()
    if proof.state == ProofState.PENDING and proof.expires <= now:
        return _expire(proof)
    if proof.state not in (ProofState.PENDING, ProofState.PROVEN):
        return proof
    proof.checked, proof.reason = now, found.reason[:1000]
    if found.method:
        proof.failures, proof.method = 0, found.method
        if proof.state == ProofState.PENDING:
            OwnershipProof.objects.filter(
                organisation=proof.organisation, origin=proof.origin, state=ProofState.PROVEN
            ).update(state=ProofState.REPLACED)
            proof.state, proof.proven = ProofState.PROVEN, now
            _record_event("origin.proven", proof)
    elif proof.state == ProofState.PROVEN:
        proof.failures += 1
        if proof.failures >= LOST_AFTER:
            proof.state = ProofState.LAPSED
            _record_event("origin.lapsed", proof)
    proof.save()
    return proof


def _expire(proof: OwnershipProof) -> OwnershipProof:
    proof.state = ProofState.EXPIRED
    proof.reason = EXPIRED
    proof.save()
    return proof


def _record_event(action: str, proof: OwnershipProof) -> None:
    audit.record(
        action,
        proof,
        organisation=proof.organisation,
        by=proof.started_by,
        details={"origin": proof.origin, "method": proof.method},
    )
