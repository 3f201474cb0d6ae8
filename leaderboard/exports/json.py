"""JSON: every document as it is published, in one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leaderboard.exports.table import Document

MEDIA_TYPE = "application/json"


def export(documents: Sequence[Document]) -> dict[str, Any]:
    """The documents, JSON-ready."""
    return {"endpoints": [dict(document) for document in documents]}
