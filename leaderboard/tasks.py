"""Celery tasks of presentation: one service call, nothing else."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from leaderboard import services
from leaderboard.services import proofs
from leaderboard.services.alerts import DELIVER
from leaderboard.services.idempotency import forget_answers


@shared_task(name="leaderboard.follow_up")
def follow_up() -> None:
    """Publish what moved and ask for the confirmations that are due: a day may have had its two already."""
    services.follow_up()


@shared_task(name="leaderboard.review_certificates")
def review_certificates() -> None:
    """Let certificates expire, be revoked, or have measured what is in doubt."""
    services.review_all()


@shared_task(name="leaderboard.checkpoint")
def checkpoint() -> None:
    """Sign the head of the transparency log, if it has grown."""
    services.checkpoint()


@shared_task(name=DELIVER)
def deliver(delivery_id: str) -> None:
    """Send one alert to one receiver."""
    services.deliver(UUID(delivery_id))


@shared_task(name="leaderboard.deliver_due")
def deliver_due() -> None:
    """Send what is due: retries, and first attempts whose call was lost."""
    services.deliver_due()


@shared_task(name="leaderboard.forget_unconfirmed")
def forget_unconfirmed() -> None:
    """Delete addresses that nobody confirmed, and answers that are no longer given again."""
    services.forget_unconfirmed()
    forget_answers()


@shared_task(name="leaderboard.keep_evidence")
def keep_evidence() -> None:
    """Store evidence that could not be stored in its time, and prune the rows of what is safe."""
    services.keep_missing()
    services.prune_evidence()


@shared_task(name="leaderboard.keep_dump")
def keep_dump() -> None:
    """Make today's dump of everything public, once."""
    services.keep_dump()


@shared_task(name=proofs.CHECK)
def check_proof(proof_id: str) -> None:
    """Look for one proof of an origin."""
    proofs.check_proof(UUID(proof_id))


@shared_task(name="leaderboard.check_proofs")
def check_proofs() -> None:
    """Look for what was asked for and not looked at, and once a day for what was found."""
    proofs.check_due()
