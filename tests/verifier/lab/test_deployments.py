"""The table of deployments keeps the promises the method is built on."""

from __future__ import annotations

from collections import Counter

from verifier.lab.deployments import DEPLOYMENTS, Deployment, Role
from verifier.lab.recipes import RECIPES


def of_role(*roles: Role) -> list[Deployment]:
    return [one for one in DEPLOYMENTS.values() if one.role in roles]


def test_there_is_enough_of_every_role() -> None:
    count = Counter(one.role for one in DEPLOYMENTS.values())
    assert count["reference"] == 1
    assert count["calibration-honest"] >= 3
    assert count["calibration-rung"] >= 3
    assert count["honest"] >= 3
    assert count["degraded"] >= 10


def test_what_calibrates_is_never_judged() -> None:
    """No judged deployment serves the same weights in the same way as one that set the standard."""
    standard = of_role("reference", "calibration-honest", "calibration-rung")
    judged = of_role("honest", "degraded")
    assert not {(one.weights, one.options) for one in standard} & {
        (one.weights, one.options) for one in judged
    }
    rungs = {one.weights for one in of_role("calibration-rung")}
    assert not rungs & {one.weights for one in judged}


def test_every_deployment_differs_from_every_other() -> None:
    served = Counter((one.weights, one.options) for one in DEPLOYMENTS.values())
    assert max(served.values()) == 1
    assert max(Counter(one.label for one in DEPLOYMENTS.values()).values()) == 1


def test_every_deployment_says_in_one_line_what_was_done() -> None:
    for one in DEPLOYMENTS.values():
        assert one.what
        assert "\n" not in one.what
        assert len(one.what) <= 120
        assert one.weights in RECIPES


def test_honest_deployments_serve_the_official_weights_with_the_models_own_template() -> None:
    for one in of_role("reference", "calibration-honest", "honest"):
        assert one.weights in {"official", "f16", "f32"}
        assert one.options.chat_template is None
        assert one.options.kv_cache in {"F16", "BF16", "F32"}


def test_every_weights_file_is_served_by_somebody() -> None:
    assert {one.weights for one in DEPLOYMENTS.values()} == set(RECIPES)
