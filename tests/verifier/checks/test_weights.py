from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.small_world import HONEST, INT4, verify
from tests.verifier.synthetic import Synthetic


def finding(endpoint: Synthetic, **settings: Any) -> dict[str, Any]:
    result = verify(endpoint, **settings)
    found = [finding for finding in result["findings"] if finding["check"] == "weights"]
    assert len(found) == 1
    return dict(found[0])


def test_a_deviation_that_nothing_else_explains_is_laid_to_the_weights() -> None:
    endpoint = Synthetic(noise=INT4, stack="another quantizer")
    found = finding(endpoint)
    assert found["outcome"] == "fail"
    assert found["details"]["explains"]["name"] == "weight quantization"
    assert "By exclusion" in found["cause"]
    assert verify(endpoint)["cause"]["name"] == "weight quantization"


@pytest.mark.parametrize(
    ("endpoint", "settings", "outcome"),
    [
        (Synthetic(noise=HONEST, stack="x"), {}, "pass"),
        (Synthetic(noise=HONEST, stack="x"), {"max_tokens": 40}, "inconclusive"),
        (Synthetic(logprobs=False, silent=True), {}, "unsupported"),
    ],
)
def test_without_a_deviation_the_weights_explain_nothing(
    endpoint: Synthetic, settings: dict[str, Any], outcome: str
) -> None:
    found = finding(endpoint, **settings)
    assert found["outcome"] == outcome
    assert "explains" not in found["details"]


def test_a_hidden_prompt_is_named_before_the_weights() -> None:
    result = verify(Synthetic(hidden_prompt=True))
    assert result["cause"]["name"] == "hidden prompt"
