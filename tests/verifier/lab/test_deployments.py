"""The table of deployments keeps the promises the method is built on."""

from __future__ import annotations

from collections import Counter

import pytest

from verifier.lab.deployments import CAUSES, DEPLOYMENTS, Access, Deployment, Role
from verifier.lab.gateways import ALONE, PASS, WITH_ANOTHER
from verifier.lab.recipes import RECIPES

CALIBRATING: tuple[Role, ...] = (
    "reference",
    "calibration-honest",
    "calibration-rung",
    "calibration-variant",
)
JUDGED: tuple[Role, ...] = ("honest", "degraded")


def of_role(*roles: Role) -> list[Deployment]:
    return [one for one in DEPLOYMENTS.values() if one.role in roles]


def how(one: Deployment) -> tuple[object, ...]:
    """Everything that decides what it answers."""
    return one.weights, one.options, one.access, one.proxy


def test_there_is_enough_of_every_role() -> None:
    count = Counter(one.role for one in DEPLOYMENTS.values())
    assert count["reference"] == 1
    assert count["calibration-honest"] >= 3
    assert count["calibration-rung"] >= 3
    assert count["calibration-variant"] >= 10
    assert count["honest"] >= 10
    assert count["degraded"] >= 20


def test_there_are_ten_ways_to_serve_the_official_weights_honestly() -> None:
    """Weights' storage, cache and kind of attention decide the arithmetic; sizes and threads hardly do."""
    honest = of_role("calibration-honest", "honest")
    assert len({(one.weights, one.options.kv_cache, one.options.flash_attention) for one in honest}) >= 10


def test_what_calibrates_is_never_judged() -> None:
    """No judged deployment serves the same weights in the same way as one that set the standard."""
    standard, judged = of_role(*CALIBRATING), of_role(*JUDGED)
    assert not {(one.weights, one.options) for one in standard} & {
        (one.weights, one.options) for one in judged
    }
    rungs = {one.weights for one in of_role("calibration-rung")}
    assert not rungs & {recipe for one in judged for recipe in one.recipes}


def test_every_deployment_differs_from_every_other() -> None:
    assert max(Counter(map(how, DEPLOYMENTS.values())).values()) == 1
    for roles in (CALIBRATING, JUDGED):
        assert max(Counter(one.label for one in of_role(*roles)).values()) == 1


def test_every_deployment_says_in_one_line_what_was_done() -> None:
    for one in DEPLOYMENTS.values():
        assert one.what
        assert "\n" not in one.what
        assert len(one.what) <= 120
        assert set(one.recipes) <= set(RECIPES)


def test_honest_deployments_serve_the_official_weights_with_the_models_own_template() -> None:
    for one in of_role("reference", "calibration-honest", "honest"):
        assert one.weights in {"official", "f16", "f32"}
        assert one.options.chat_template is None
        assert one.options.kv_cache in {"F16", "BF16", "F32"}
        assert one.proxy is None


def test_the_truth_is_told_of_every_deployment() -> None:
    for one in DEPLOYMENTS.values():
        assert one.cause in CAUSES
        assert (one.cause == "none") == (one.role in ("reference", "calibration-honest", "honest", "broken"))
    assert {one.cause for one in of_role(*JUDGED)} == set(CAUSES)


def test_gateways_have_the_weights_they_need() -> None:
    behind = [one.proxy for one in DEPLOYMENTS.values() if one.proxy is not None]
    assert {one.behaviour for one in behind} == {*ALONE, *WITH_ANOTHER} - {PASS}
    for one in behind:
        assert (one.other is not None) == (one.behaviour in WITH_ANOTHER)


def test_every_restriction_of_access_is_met_in_an_honest_deployment() -> None:
    """A restriction must not be mistaken for a degradation."""
    restricted = {one.access for one in DEPLOYMENTS.values() if one.access != Access()}
    assert restricted == {one.access for one in of_role("honest") if one.access != Access()}


def test_what_is_broken_serves_the_official_weights_and_is_no_part_of_any_measurement() -> None:
    """Benchmarks and demo choose by role."""
    broken = of_role("broken")
    assert len(broken) >= 12
    for one in broken:
        assert one.weights == "official"
        assert one.proxy is not None
        assert one.name == f"broken-{one.proxy.behaviour}"
        assert not one.demo


@pytest.mark.parametrize("one", of_role("calibration-variant"), ids=lambda one: one.name)
def test_every_variant_knows_a_cause_that_is_judged_too(one: Deployment) -> None:
    assert one.cause in {judged.cause for judged in of_role("degraded")}


def test_the_demo_serves_some_of_every_role_but_no_variants() -> None:
    shown = [one for one in DEPLOYMENTS.values() if one.demo]
    assert {one.role for one in shown} == {*CALIBRATING, *JUDGED} - {"calibration-variant"}
    assert len(shown) == 26


def test_every_weights_file_is_served_by_somebody() -> None:
    assert {recipe for one in DEPLOYMENTS.values() for recipe in one.recipes} == set(RECIPES)
