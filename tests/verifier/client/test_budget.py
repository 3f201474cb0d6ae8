from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from verifier.client.budget import Budget, BudgetExceeded


def test_without_bounds_it_only_counts() -> None:
    budget = Budget()
    budget.spend_request()
    budget.spend_tokens(prompt=7, completion=2)

    assert (budget.requests, budget.prompt_tokens, budget.completion_tokens) == (1, 7, 2)
    assert repr(budget) == "Budget(requests=1, prompt_tokens=7, completion_tokens=2)"


def test_requests_end_at_their_bound() -> None:
    budget = Budget(max_requests=1)
    budget.spend_request()

    with pytest.raises(BudgetExceeded, match="budget of 1 requests"):
        budget.spend_request()
    assert budget.requests == 1


def test_tokens_of_both_kinds_count_together() -> None:
    budget = Budget(max_tokens=10)
    budget.spend_tokens(prompt=4, completion=5)
    budget.spend_request()
    budget.spend_tokens(prompt=1, completion=0)

    with pytest.raises(BudgetExceeded, match="budget of 10 tokens"):
        budget.spend_request()


def test_nothing_may_be_spent_of_nothing() -> None:
    with pytest.raises(BudgetExceeded):
        Budget(max_requests=0).spend_request()


def test_threads_share_it() -> None:
    budget = Budget(max_requests=500)

    def spend(_: int) -> bool:
        try:
            budget.spend_request()
        except BudgetExceeded:
            return False
        budget.spend_tokens(prompt=2, completion=1)
        return True

    with ThreadPoolExecutor(8) as pool:
        spent = sum(pool.map(spend, range(1000)))

    assert spent == budget.requests == budget.completion_tokens == 500
    assert budget.prompt_tokens == 1000
