from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.small_world import NAMED, PUBLIC, SUITE, WIDE, recorded, wide
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.calibrate import CalibrationError, calibrate
from verifier.baseline.freshness import StaleBaseline, confirm
from verifier.baseline.model import Role
from verifier.baseline.pools import missing_pool
from verifier.suites import Suite
from verifier.verification import Settings, SuiteMismatch, verification

WITHOUT = replace(WIDE, hidden_sha256=None, prompts=tuple(p for p in WIDE.prompts if p.pool == "public"))
ANOTHER = replace(WIDE, hidden_sha256="7" * 64)

ASKING: dict[type[Exception], Callable[[Suite], Generator[Any, Any, Any]]] = {
    CalibrationError: lambda suite: calibrate(
        wide(), suite, name="x", label="x", role=Role.HONEST, quantization=None
    ),
    StaleBaseline: lambda suite: confirm(wide(), suite),
    SuiteMismatch: lambda suite: verification(wide(), suite, Settings(), endpoint=NAMED),
}


def test_a_pool_is_missing_when_it_is_needed_and_another_one_is_at_hand() -> None:
    assert missing_pool(wide(), WIDE) is None
    assert missing_pool(recorded(), SUITE) is None
    assert missing_pool(replace(wide(), hidden_sha256=None), WIDE) is None, "a pool too many does no harm"
    without, another = missing_pool(wide(), WITHOUT), missing_pool(wide(), ANOTHER)
    assert without is not None
    assert another is not None
    assert f"the hidden pool of sha256 {str(WIDE.hidden_sha256)[:12]}…; give that pool" in without
    assert "this is the one of 777777777777…" in another
    assert len(WITHOUT.prompts) > PUBLIC


@pytest.mark.parametrize("suite", [WITHOUT, ANOTHER], ids=["without", "another"])
@pytest.mark.parametrize("error", ASKING, ids=lambda error: error.__name__)
def test_nobody_is_asked_without_the_pool(error: type[Exception], suite: Suite) -> None:
    endpoint = Synthetic()
    with pytest.raises(error, match="give that pool"):
        converse(ASKING[error](suite), endpoint)
    assert not endpoint.asked
