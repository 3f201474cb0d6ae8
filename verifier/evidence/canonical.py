"""Canonical JSON: one value, one spelling, on every machine (METHOD.md section 8)."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

SIGNIFICANT_DIGITS = 6


def rounded(value: Any) -> Any:
    """`value` with every float rounded to 6 significant digits, ready for JSON.

    Mappings become dicts and sequences lists; whole numbers stay integers.
    Raises ValueError for NaN and infinities: what could not be measured is None, never NaN.
    """
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value if not isinstance(value, str) else str(value)
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, int):
        return int(value)
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} cannot be published: a value that could not be measured is null")
    return float(f"{number:.{SIGNIFICANT_DIGITS - 1}e}") + 0.0


def canonical_json(value: Any) -> bytes:
    """`value` as UTF-8 JSON with sorted keys, no spaces and 6 significant digits."""
    compact = (",", ":")
    return json.dumps(rounded(value), sort_keys=True, separators=compact, ensure_ascii=False).encode()


def digest(value: Any) -> str:
    """`sha256:…` of the canonical JSON of `value`."""
    return "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()


def result_text(result: Any) -> str:
    """A result as people and programs read it: sorted keys, two spaces, a final newline; always the same."""
    return json.dumps(rounded(result), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
