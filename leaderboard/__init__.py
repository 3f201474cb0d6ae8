"""People and presentation: the board, its pages and the processes that run them."""

from __future__ import annotations

from leaderboard.celery import app as celery_app

__all__ = ("celery_app",)
