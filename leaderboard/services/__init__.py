"""The only writers of the tables of presentation, one subject per file."""

from __future__ import annotations

from leaderboard.services.publishing import follow_up, publish

__all__ = ("follow_up", "publish")
