"""The badge as shields.io's endpoint schema has it."""

from __future__ import annotations

from typing import Any

from leaderboard.exports.badge import Badge

COLORS = {"good": "0b7358", "bad": "b8430a", "quiet": "5f5c66"}
CACHE_SECONDS = 3600


def export(badge: Badge) -> dict[str, Any]:
    """`isError` keeps whoever embeds an accusing badge from giving it another colour."""
    return {
        "schemaVersion": 1,
        "label": badge.label,
        "message": badge.message,
        "color": COLORS[badge.tone],
        "cacheSeconds": CACHE_SECONDS,
        "isError": badge.tone == "bad",
    }
