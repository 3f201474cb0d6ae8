"""Does the endpoint keep its word about quantization? (METHOD.md section 5)"""

from __future__ import annotations

from dataclasses import dataclass

BITS = {
    "fp32": 32,
    "bf16": 16,
    "fp16": 16,
    "fp8": 8,
    "int8": 8,
    "fp6": 6,
    "int6": 6,
    "int5": 5,
    "fp4": 4,
    "mxfp4": 4,
    "nvfp4": 4,
    "int4": 4,
    "int3": 3,
    "int2": 2,
}
"""Bits per weight of each quantization word; a word not listed here is not compared."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """`state` is kept, broken, undeclared or unknown (nothing measured that could be compared)."""

    declared: str | None
    measured: str | None
    state: str


def compare(declared: str | None, measured: str | None, *, verdict: str) -> Declaration:
    """Hold `measured` (the nearest rung's quantization) against what is declared.

    A faithful endpoint keeps any declaration: nothing coarser than declared was found. `broken` is said
    only when the measured rung has fewer bits than declared.
    """
    declared = (declared or "unknown").strip().lower()
    if declared in ("", "unknown"):
        return Declaration(None, measured, "undeclared")
    if verdict == "faithful":
        return Declaration(declared, measured, "kept")
    promised, found = BITS.get(declared), BITS.get(str(measured))
    if verdict != "deviating" or promised is None or found is None:
        return Declaration(declared, measured, "unknown")
    return Declaration(declared, measured, "kept" if found >= promised else "broken")
