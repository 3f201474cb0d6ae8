"""The tables of presentation. leaderboard.services is their only writer."""

from __future__ import annotations

from leaderboard.models.snapshot import Snapshot

__all__ = ("Snapshot",)
