from __future__ import annotations

import pytest

from verifier.scoring.declaration import BITS, compare

TABLE = [
    # declared, measured, verdict, state
    ("bf16", "int8", "deviating", "broken"),
    ("bf16", "int4", "deviating", "broken"),
    ("fp8", "int4", "deviating", "broken"),
    ("int4", "int3", "deviating", "broken"),
    ("fp8", "int8", "deviating", "kept"),
    ("int4", "int8", "deviating", "kept"),
    ("int4", "int4", "deviating", "kept"),
    ("nvfp4", "mxfp4", "deviating", "kept"),
    ("bf16", "fp16", "deviating", "kept"),
    ("bf16", None, "faithful", "kept"),
    ("int4", None, "faithful", "kept"),
    ("q4_k_m", None, "faithful", "kept"),
    ("bf16", None, "deviating", "unknown"),
    ("bf16", "pruned", "deviating", "unknown"),
    ("q4_k_m", "int8", "deviating", "unknown"),
    ("bf16", None, "different-model", "unknown"),
    ("bf16", None, "inconclusive", "unknown"),
    ("bf16", None, "insufficient-access", "unknown"),
    ("bf16", None, "not-measured", "unknown"),
]


@pytest.mark.parametrize(("declared", "measured", "verdict", "state"), TABLE)
def test_the_table(declared: str, measured: str | None, verdict: str, state: str) -> None:
    found = compare(declared, measured, verdict=verdict)
    assert (found.declared, found.measured, found.state) == (declared, measured, state)


@pytest.mark.parametrize("declared", [None, "", "unknown"])
@pytest.mark.parametrize("verdict", ["faithful", "deviating", "different-model", "not-measured"])
def test_who_declares_nothing_breaks_nothing(declared: str | None, verdict: str) -> None:
    found = compare(declared, "int4", verdict=verdict)
    assert (found.declared, found.measured, found.state) == (None, "int4", "undeclared")


@pytest.mark.parametrize("declared", BITS)
@pytest.mark.parametrize("measured", BITS)
def test_broken_is_said_only_of_a_deviation_with_fewer_bits(declared: str, measured: str) -> None:
    for verdict in ("deviating", "faithful", "inconclusive", "different-model"):
        state = compare(declared, measured, verdict=verdict).state
        assert (state == "broken") == (verdict == "deviating" and BITS[measured] < BITS[declared])


def test_every_quantization_word_of_the_design_is_known() -> None:
    words = ["int4", "int8", "fp4", "fp6", "fp8", "fp16", "bf16", "fp32", "mxfp4", "nvfp4"]
    assert set(words) <= set(BITS)
