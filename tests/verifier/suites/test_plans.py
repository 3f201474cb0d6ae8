"""Plans read, name checks that exist, and bound what a run may cost."""

from __future__ import annotations

import pytest

from verifier.checks.registry import discover
from verifier.suites.plans import WEIGHTS, PlanError, names, plan


def test_every_plan_reads_and_names_checks_of_behaviour() -> None:
    behaviour = {check.name for check, _ in discover() if check.behaviour}
    for name in names():
        assert set(plan(name).checks) <= behaviour, name


def test_the_suites_by_cost() -> None:
    assert {"smoke", "core", "deep", WEIGHTS} <= set(names())
    most = plan("smoke").max_requests
    assert most is not None
    assert most < 60
    assert not plan(WEIGHTS).checks


def test_a_size_that_is_not_given_is_the_checks_own() -> None:
    assert plan(WEIGHTS).size("any", "cases", 7) == 7


def test_an_unknown_plan_is_refused_with_those_there_are() -> None:
    with pytest.raises(PlanError, match=r"no plan called 'huge'. These exist: core"):
        plan("huge")
