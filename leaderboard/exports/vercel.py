"""`providerOptions.gateway` of Vercel's AI Gateway (vercel.com/docs, provider filtering and ordering)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leaderboard.exports.routing import accused, preferred, told, unique
from leaderboard.exports.table import Document


def export(chosen: Sequence[Document], others: Sequence[Document], now: datetime) -> dict[str, Any]:
    """The gateway names providers, not variants: one with an accused endpoint of the model is left out."""
    shunned = {one["provider"]["slug"] for one in accused(others)}
    found = [one for one in preferred(chosen) if one["provider"]["slug"] not in shunned]
    names = unique([str(one["provider"]["slug"]) for one in found])
    return {
        "providerOptions": {"gateway": {"order": names, "only": names}},
        "assay": {"endpoints": told(found, now)},
    }
