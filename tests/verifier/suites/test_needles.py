from __future__ import annotations

import pytest

from verifier.suites.needles import TOKENS_PER_WORD, Needle


@pytest.mark.parametrize("length", [512, 2048, 8192])
@pytest.mark.parametrize("depth", [1, 50, 99])
def test_the_fact_stands_where_it_is_said_to_and_once(length: int, depth: int) -> None:
    needle = Needle(length, depth, 0)
    prompt = needle.prompt
    assert prompt.count(needle.code) == 1
    assert prompt.endswith("Reply with the number only.")
    assert abs(len(prompt.split()) * TOKENS_PER_WORD - length) < 60
    assert prompt.index(needle.code) / len(prompt) == pytest.approx(depth / 100, abs=0.12)


def test_the_same_needle_is_the_same_prompt_and_another_is_not() -> None:
    prompts = {Needle(512, depth, variant).prompt for depth in (1, 99) for variant in range(5)}
    assert len(prompts) == 10
    assert Needle(512, 1, 0).prompt in prompts
