from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.small_world import HONEST, INT4, INT8, verify
from tests.verifier.synthetic import Synthetic
from verifier.checks import registry
from verifier.checks.base import Finding, Outcome, nothing_to_ask
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract
from verifier.scoring import grades, policy
from verifier.scoring.declaration import BITS
from verifier.scoring.grades import PROMISED, by_fidelity, grade, worst

CONTRACT = Contract("openai", "1", "https://example.org")


def ladder(quantization: str | None, place: str = "at") -> dict[str, Any]:
    return {"place": place, "nearest": {"name": "rung", "quantization": quantization}}


def ask_nothing(session: Session) -> Any:
    return nothing_to_ask()


@pytest.fixture(autouse=True)
def two_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behaviour is two checks: one that caps at B, and one that is not named in the policy."""
    checks = [
        (Check(name, "1", name.title(), 60, ask_nothing, behaviour=True), registry)
        for name in ("tool_schema", "manners")
    ]
    monkeypatch.setattr(grades, "discover", lambda: tuple(checks))


def findings(**outcomes: str) -> dict[str, Finding]:
    return {name: Finding(name, "1", Outcome(outcome), "said.") for name, outcome in outcomes.items()}


@pytest.mark.parametrize(
    ("verdict", "found", "letter"),
    [
        ("faithful", None, "A"),
        ("different-model", ladder("int8"), "F"),
        ("deviating", ladder("int8"), "B"),
        ("deviating", ladder("int8", "short-of"), "B"),
        ("deviating", ladder("fp8"), "C"),
        ("deviating", ladder("int4"), "D"),
        ("deviating", ladder("int2"), "F"),
        ("deviating", ladder("int4", "beyond"), "F"),
        ("deviating", ladder("fp8", "beyond"), None),
        ("deviating", ladder(None), None),
        ("deviating", {"place": None, "nearest": None}, None),
        ("deviating", None, None),
        ("inconclusive", ladder("int8"), None),
        ("insufficient-access", None, None),
        ("not-measured", None, None),
    ],
)
def test_verdict_and_fidelity_set_the_grade(verdict: str, found: Any, letter: str | None) -> None:
    assert by_fidelity(verdict, found) == letter


def test_fewer_bits_never_get_a_better_grade() -> None:
    order = sorted(policy.GRADES_OF_RUNGS, key=lambda name: (-BITS[name], name))
    letters = [policy.GRADES_OF_RUNGS[name] for name in order]
    by_bits = {BITS[name]: policy.GRADES_OF_RUNGS[name] for name in order}
    assert list(by_bits.values()) == sorted(by_bits.values())
    assert set(letters) <= set(policy.GRADES)


@pytest.mark.parametrize(
    ("outcomes", "level", "letter"),
    [
        ({"tool_schema": "pass", "manners": "pass"}, "distributions", "A+"),
        ({"tool_schema": "pass", "manners": "pass"}, "text", "A"),
        ({"tool_schema": "pass", "manners": "warn"}, "distributions", "A"),
        ({"tool_schema": "pass", "manners": "unsupported"}, "distributions", "A"),
        ({"tool_schema": "pass"}, "distributions", "A"),
        ({"tool_schema": "pass", "manners": "fail"}, "distributions", "A"),
        ({"tool_schema": "fail", "manners": "pass"}, "distributions", "B"),
    ],
)
def test_behaviour_caps_and_only_all_of_it_makes_the_best(
    outcomes: dict[str, str], level: str, letter: str
) -> None:
    assert grade("faithful", level, None, findings(**outcomes), CONTRACT).letter == letter


def test_a_cap_says_why_and_never_lifts_a_grade() -> None:
    found = grade("deviating", "distributions", ladder("int4"), findings(tool_schema="fail"), CONTRACT)
    assert found.letter == "D"
    assert found.to_json()["caps"] == [
        {"check": "tool_schema", "cap": "B", "why": "Tool_Schema failed: at most B"}
    ]


@pytest.mark.parametrize("outcome", ["unsupported", "inconclusive", "faulty", "error"])
def test_what_is_unknown_is_shown_and_lowers_nothing(outcome: str) -> None:
    known = grade("faithful", "text", None, findings(tool_schema="pass", manners="pass"), CONTRACT)
    found = grade("faithful", "text", None, findings(tool_schema=outcome, manners="pass"), CONTRACT)
    assert found.unknown == ("tool_schema",)
    assert (found.letter, known.letter) == ("A", "A")


def test_what_the_makers_never_promised_is_not_unknown() -> None:
    without = Contract("plain", "1", "https://example.org", tools=False)
    found = grade("faithful", "distributions", None, findings(manners="pass"), without)
    assert (found.letter, found.unknown) == ("A+", ())


def test_the_rules_name_checks_that_exist() -> None:
    behaviour = {check.name for check, _ in registry.discover() if check.behaviour}
    assert set(policy.CAPS) <= behaviour
    for beginning in PROMISED:
        assert any(name.startswith(beginning) for name in behaviour), beginning


def test_the_worst_of_several_letters() -> None:
    assert worst(["A", None, "C", "B"]) == "C"
    assert worst([None]) is None


def test_a_result_carries_its_grade() -> None:
    letters = {
        noise: verify(Synthetic(noise=noise, stack="x"))["grade"]["letter"] for noise in (HONEST, INT8, INT4)
    }
    assert letters == {HONEST: "A", INT8: "B", INT4: "D"}
