"""The families that have a file: which models they claim, and where each promise can be read."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from verifier.baseline.model import PrefixStyle
from verifier.contracts import contract_for, families, load


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("moonshotai/Kimi-K2-Instruct-0905", "kimi"),
        ("moonshotai/kimi-k2-0905", "kimi"),
        ("moonshotai/Kimi-K2-Thinking", "kimi-thinking"),
        ("moonshotai/Kimi-K2.5", "kimi-k2.5"),
        ("deepseek-ai/DeepSeek-V3-0324", "deepseek"),
        ("deepseek-ai/DeepSeek-V3.1-Terminus", "deepseek-hybrid"),
        ("deepseek-ai/DeepSeek-V3.2-Exp", "deepseek-hybrid"),
        ("deepseek-ai/DeepSeek-R1-0528", "deepseek-r1"),
        ("Qwen/Qwen3-32B", "qwen"),
        ("Qwen/Qwen3-235B-A22B", "qwen"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "qwen-instruct"),
        ("Qwen/Qwen3-235B-A22B-Thinking-2507", "qwen-thinking"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen-instruct"),
        ("meta-llama/Llama-3.3-70B-Instruct", "openai"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", "openai"),
    ],
)
def test_each_model_has_the_contract_of_its_family(model: str, family: str) -> None:
    assert contract_for(model).family == family


@pytest.mark.parametrize("family", families())
def test_each_contract_says_where_it_can_be_read_and_fits_together(family: str) -> None:
    contract = load(family)
    assert urlsplit(contract.source).scheme == "https"
    assert contract.prefix in ("", *PrefixStyle)
    thinks = contract.thinking_on is not None
    assert bool(contract.reasoning_field) is thinks, "thoughts come back somewhere, if there are any"
    assert thinks or contract.thinking_off is None


def test_a_fixed_temperature_may_be_either_modes() -> None:
    contract = load("kimi-k2.5")
    assert contract.immutable["temperature"] == (0.6, 1.0)
    assert set(contract.immutable) == {"temperature", "top_p", "n", "presence_penalty", "frequency_penalty"}
    assert (contract.thinking_off, contract.thinking_on) == (
        {"thinking": {"type": "disabled"}},
        {"thinking": {"type": "enabled"}},
    )
