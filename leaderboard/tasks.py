"""Celery tasks of presentation: one service call, nothing else."""

from __future__ import annotations

from celery import shared_task

from leaderboard import services


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
