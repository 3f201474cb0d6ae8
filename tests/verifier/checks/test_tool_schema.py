from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC
from tests.verifier.synthetic import converse
from tests.verifier.talker import GIVEN, REFERENCE, Talker, about, judge, recorded_from
from verifier.checks import tool_trigger
from verifier.checks.base import Fault, Outcome, ToolCall
from verifier.checks.tool_schema import fault_of
from verifier.suites.cases import tool_cases

NAME = "tool_schema"
TOOLS = {tool["function"]["name"]: tool for case in tool_cases() for tool in case.tools}


def fault(name: str, arguments: str) -> str | None:
    return fault_of(ToolCall("1", name, arguments), list(TOOLS.values()))


def test_the_toys_arguments_are_valid() -> None:
    assert {name: fault(name, json.dumps(given)) for name, given in GIVEN.items()} == dict.fromkeys(TOOLS)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("get_wether", '{"city": "Oslo"}', "a tool that was not offered"),
        ("get_weather", '```json\n{"city": "Oslo"}\n```', "a code fence around the arguments"),
        ("get_weather", "", "no arguments at all"),
        ("get_weather", '{"city": "Os', "arguments that are cut off"),
        ("get_weather", '{"city": "Oslo"', "arguments that are cut off"),
        ("get_weather", '{"city": ', "arguments that are cut off"),
        ("get_weather", '{"city": Oslo and more}', "arguments that are no JSON"),
        ("get_weather", "{'city': 'Oslo'}", "arguments that are no JSON"),
        ("get_weather", '{"city": NaN}', "arguments that are no JSON"),
        ("get_weather", '{"city": "Oslo"}{"city": "Oslo"}', "text after the arguments"),
        ("get_weather", '["Oslo"]', "arguments that are no object"),
        ("get_weather", "null", "arguments that are no object"),
        ("get_weather", json.dumps('{"city": "Oslo"}'), "arguments encoded twice"),
        ("get_weather", "{}", "a missing argument"),
        ("get_weather", '{"city": "Oslo", "day": "today"}', "an argument that the tool does not have"),
        ("get_weather", '{"city": 5}', "an argument of another type"),
        ("get_weather", '{"city": "Oslo", "unit": "kelvin"}', "a value that is not among those allowed"),
        ("set_alarm", '{"time": "7 am"}', "a value that the schema does not allow"),
        ("get_weather", "[" * 100_000, "arguments that are no JSON"),
        ("search_products", '{"query":' + '{"a":' * 5000 + "1" + "}" * 5001, None),
    ],
)
def test_what_is_wrong_is_named(name: str, arguments: str, expected: str | None) -> None:
    found = fault(name, arguments)
    assert found == expected if expected else found


@DETERMINISTIC
@given(st.text(max_size=60), st.sampled_from([*TOOLS, "other"]))
def test_whatever_comes_is_judged(arguments: str, name: str) -> None:
    assert isinstance(fault(name, arguments), str)


def test_valid_calls_pass_in_one_piece_and_streamed() -> None:
    finding = judge(NAME, Talker(stack="other"))
    assert (finding.outcome, finding.estimate, finding.n) == (Outcome.PASS, 1.0, 20)
    assert (finding.details["calls_streamed"], finding.details["valid_streamed"]) == (8, 8)


def fenced(text: str) -> str:
    return f"```json\n{text}\n```"


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (fenced, "a code fence"),
        (lambda text: text[: len(text) // 2], "cut off"),
        (lambda text: json.dumps(text), "encoded twice"),
        (lambda text: "{}", "a missing argument"),
    ],
)
def test_broken_arguments_fail_with_their_cause(broken: Callable[[str], str], named: str) -> None:
    finding = judge(NAME, Talker(arguments=broken))
    assert finding.outcome is Outcome.FAIL
    assert named in finding.cause
    assert finding.estimate == 0.0


def test_what_breaks_in_streams_only_is_told() -> None:
    finding = judge(NAME, Talker(streamed_arguments=fenced))
    assert "in streams only" in finding.cause
    assert finding.outcome is Outcome.FAIL
    assert finding.estimate == 12 / 20


def test_a_few_invalid_calls_warn_where_the_reference_makes_none() -> None:
    def often(text: str) -> str:
        return text[:-1] if "QX48213907" in text else text

    finding = judge(NAME, Talker(arguments=often))
    assert finding.outcome is Outcome.WARN


def test_a_weak_model_is_not_held_against_its_host() -> None:
    def bad(text: str) -> str:
        return "{}" if "city" in text or "number" in text or "time" in text else text

    reference = Talker(arguments=bad)
    for seed in range(20):
        finding = judge(NAME, reference, reference=reference, seed=seed)
        assert finding.outcome is Outcome.PASS, finding


def test_without_calls_it_says_nothing() -> None:
    assert judge(NAME, Talker(tools="dropped")).outcome is Outcome.INCONCLUSIVE
    assert judge(NAME, Talker(tools="refused")).outcome is Outcome.UNSUPPORTED
    assert judge(NAME, REFERENCE, reference=Talker(tools="dropped")).outcome is Outcome.UNSUPPORTED
    assert judge(NAME, Talker(fault=Fault.MALFORMED)).outcome is Outcome.FAULTY
    assert judge(NAME, Talker(), session=about(recorded_from(REFERENCE))).outcome is Outcome.UNSUPPORTED


def test_what_the_check_before_asked_is_not_asked_again() -> None:
    session, endpoint = about(recorded_from(REFERENCE, "tool_trigger", NAME)), Talker()
    converse(tool_trigger.run(session), endpoint)  # type: ignore[arg-type]
    before = len(endpoint.asked)
    finding = judge(NAME, endpoint, session=session)
    assert finding.n == 20
    assert len(endpoint.asked) - before == 8, "the streams alone"
