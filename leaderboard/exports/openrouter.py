"""The `provider` object of OpenRouter's requests (openrouter.ai/docs, provider routing)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leaderboard.exports.routing import accused, preferred, slug, told, unique
from leaderboard.exports.table import Document

QUANTIZATIONS = ("int4", "int8", "fp4", "fp6", "fp8", "fp16", "bf16", "fp32")
"""Those that OpenRouter filters by; a list with any other would leave its endpoint out."""


def export(chosen: Sequence[Document], others: Sequence[Document], now: datetime) -> dict[str, Any]:
    """`provider` goes into a request as it is: only the chosen, in order, and nobody else.

    `others` are the model's endpoints that were not chosen: of these the accused are named in `ignore`.
    """
    found = preferred(chosen)
    names = unique([slug(one) for one in found])
    provider: dict[str, Any] = {"order": names, "only": names, "allow_fallbacks": False}
    if shunned := [name for name in unique([slug(one) for one in accused(others)]) if name not in names]:
        provider["ignore"] = shunned
    declared = unique([str(one["declaration"]["declared"]) for one in found])
    if set(declared) <= set(QUANTIZATIONS):
        provider["quantizations"] = declared
    return {"model": found[0]["model"], "provider": provider, "assay": {"endpoints": told(found, now)}}
