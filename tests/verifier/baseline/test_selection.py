from __future__ import annotations

import math
from itertools import groupby

import pytest
from scipy.stats import entropy as scipy_entropy

from tests.verifier.small_world import recorded
from verifier.baseline.model import Context, ContextType
from verifier.baseline.selection import NEAR_TIE, entropy, is_near_tie, select
from verifier.checks.base import Token


def context(*listed: tuple[bytes, float], prefix: str = "So", prompt: str = "p") -> Context:
    top = tuple(Token(token, math.log(p)) for token, p in listed)
    return Context(f"{prompt}/{len(prefix)}", prompt, ContextType.CHAT_PREFIX, prefix, top)


def test_entropy_is_scipys_with_the_rest_as_one_bucket() -> None:
    assert entropy(context((b"a", 0.5), (b"b", 0.3))) == pytest.approx(scipy_entropy([0.5, 0.3, 0.2]))
    assert entropy(context((b"a", 1.0))) == 0.0


@pytest.mark.parametrize(
    ("second", "near"),
    [
        (0.5 * math.exp(-0.04), False),
        (0.5 * math.exp(-0.06), True),
        (0.5 * math.exp(-0.39), True),
        (0.3, False),
    ],
)
def test_a_near_tie_lies_outside_honest_noise_and_within_a_small_changes_reach(
    second: float, near: bool
) -> None:
    assert is_near_tie(context((b" yes", 0.5), (b" no", second))) is near


@pytest.mark.parametrize("token", [b"\n", b"  ", b"\xf0\x9f", b"<|im_end|>", b""])
def test_tokens_that_text_does_not_show_make_no_near_tie(token: bytes) -> None:
    """They count as soon as they are in the running."""
    assert not is_near_tie(context((b" yes", 0.4), (token, 0.35)))
    assert not is_near_tie(context((b" yes", 0.3), (b" no", 0.25), (token, 0.24)))
    assert is_near_tie(context((b" yes", 0.5), (b" no", 0.42), (token, 0.01)))


def test_one_listed_token_is_no_tie() -> None:
    assert not is_near_tie(context((b" yes", 0.9)))


def test_of_each_prompt_its_near_tie_and_its_most_uncertain_positions_are_picked() -> None:
    certain = context((b" a", 0.99), prefix="a")
    tie = context((b" a", 0.5), (b" b", 0.45), prefix="ab")
    flat = context(*((f" {i}".encode(), 0.05) for i in range(20)), prefix="abc")
    other = context((b" a", 0.99), prompt="q")
    assert select([certain, flat, tie, other], 2) == [tie, flat, other]
    assert select([certain, flat, tie], 1) == [tie]
    assert select([certain, flat], 1) == [flat]
    assert select([], 2) == []


def test_over_a_recording_at_most_two_per_prompt_in_the_order_of_their_prefixes() -> None:
    later = [one for one in recorded().contexts if one.type is ContextType.CHAT_PREFIX]
    picked = select(later, 1)
    assert len(picked) == len({one.prompt_id for one in later})
    ties = [one for one in later if is_near_tie(one)]
    assert len(ties) > len(picked) / 3
    for one in ties:
        first, second = sorted(one.logprobs.values(), reverse=True)[:2]
        assert NEAR_TIE[0] <= first - second <= NEAR_TIE[1]
    for prompt, chosen in groupby(select(later, 2), key=lambda one: one.prompt_id):
        prefixes = [len(one.prefix) for one in chosen]
        assert prefixes == sorted(prefixes), prompt
        assert len(prefixes) == 2
