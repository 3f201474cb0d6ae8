"""A module with constants, as the policy has them."""

from __future__ import annotations

THRESHOLDS = {"A": 99.5, "B": 97.0}
"""Least fidelity of each grade."""

UNDOCUMENTED = 1
lower = 2
"""Not a constant."""
_HIDDEN = 3
"""Not public."""

WORDS: frozenset[str] = frozenset({"different-model", "deviating"})
"""What accuses."""

LIMIT = 1000
"""How many.

- or so
"""
