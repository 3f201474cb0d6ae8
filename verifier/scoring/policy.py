"""The rules that turn findings into a published result. Any change of them is a new version."""

from __future__ import annotations

VERSION = "1"

ACCUSING = frozenset({"deviating", "different-model"})
"""Verdicts that say an endpoint does not serve the released weights."""
