"""The presentation app."""

from __future__ import annotations

from django.apps import AppConfig


class LeaderboardConfig(AppConfig):
    name = "leaderboard"
    verbose_name = "Leaderboard"

    def ready(self) -> None:
        from importlib.util import find_spec

        if find_spec("leaderboard.receivers"):
            from importlib import import_module

            import_module("leaderboard.receivers")
