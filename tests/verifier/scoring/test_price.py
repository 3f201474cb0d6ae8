from __future__ import annotations

from dataclasses import replace

import pytest

from tests.verifier.small_world import HONEST, SUITE, baseline, verify
from tests.verifier.synthetic import Synthetic
from tests.verifier.talker import REFERENCE, recorded_from
from verifier.checks.registry import discover
from verifier.checks.session import Settings
from verifier.scoring.price import UNBOUNDED, Tariff, expected_price, most_tokens
from verifier.suites.plans import plan


@pytest.mark.parametrize("plan", ["weights", "core", "smoke"])
def test_it_is_what_a_faithful_endpoint_then_costs(plan: str) -> None:
    settings = Settings(plan=plan, estimation_prompts=30, max_requests=59 if plan == "smoke" else None)
    price = expected_price(baseline(), SUITE, settings)
    result = verify(Synthetic(noise=HONEST, stack="x"), settings)
    assert price.requests == pytest.approx(result["requests"], rel=0.15)
    assert price.prompt_tokens >= result["prompt_tokens"]
    assert price.completion_tokens >= result["completion_tokens"] * 0.9
    assert {share.check for share in price.shares} >= {"capabilities", "token_distribution"}


def test_it_stays_within_the_budget() -> None:
    assert expected_price(baseline(), SUITE, Settings(max_requests=20)).requests <= 20
    assert expected_price(baseline(), SUITE, Settings(max_tokens=15)).completion_tokens <= 15


def test_a_smoke_run_keeps_enough_for_every_question_of_behaviour() -> None:
    recorded = [check.name for check, _ in discover() if check.record is not None]
    known = replace(baseline(), behaviour=recorded_from(REFERENCE, *recorded).behaviour)
    smoke = plan("smoke")

    def behaviour(most: int | None) -> dict[str, int]:
        settings = Settings(plan=smoke.name, decide_only=smoke.decide_only, max_requests=most)
        price = expected_price(known, SUITE, settings)
        assert most is None or price.requests <= most
        return {share.check: share.requests for share in price.shares if smoke.has(share.check)}

    assert behaviour(smoke.max_requests) == behaviour(None) != {}


def test_a_live_reference_is_not_needed_for_it() -> None:
    settings = Settings(live_reference=True)
    assert expected_price(baseline(), SUITE, settings) == expected_price(
        baseline(), SUITE, replace(settings, live_reference=False)
    )


@pytest.mark.parametrize(
    ("body", "most"),
    [
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 9, "max_tokens": 7}, 9),
        ({"max_tokens": 7, "n": 3}, 21),
        ({}, UNBOUNDED),
        ({"max_tokens": "many"}, UNBOUNDED),
    ],
)
def test_the_most_that_a_request_allows(body: dict[str, object], most: int) -> None:
    assert most_tokens(body) == most


def test_prices_are_per_million_tokens() -> None:
    assert Tariff(0.5, 2.0).cost(2_000_000, 500_000) == 2.0
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="per million tokens"):
            Tariff(wrong, 1.0)
