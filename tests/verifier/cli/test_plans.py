"""What a run costs, told before it begins and when it ends; and how the suites bound it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.verifier.cli.commands import Said, baseline_file, call
from tests.verifier.engine import Behaving
from tests.verifier.small_world import HONEST, INT4
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import serving
from verifier.cli.report import plain
from verifier.suites.plans import plan

__all__ = ["baseline_file"]
Capsys = pytest.CaptureFixture[str]


def verify(capsys: Capsys, baseline_file: Path, url: str, *options: object) -> Said:
    return call(capsys, "verify", "--baseline", baseline_file, "--base-url", url, "--model", "toy", *options)


def test_a_dry_run_states_the_price_and_asks_nothing(baseline_file: Path, capsys: Capsys) -> None:
    with serving(Synthetic()) as server:
        options = ("--suite", "weights", "--dry-run", "--price-in", 0.5, "--price-out", 2)
        said = verify(capsys, baseline_file, server.url, *options)
        assert server.requests == 0
    assert (said.status, said.out) == (0, "")
    assert "Expected price of this weights run" in said.err
    assert "Token distribution" in said.err
    assert "$" in next(line for line in said.err.splitlines() if "in all" in line)


def test_the_price_stands_before_the_first_request_and_the_report_after_the_last(
    baseline_file: Path, capsys: Capsys
) -> None:
    with serving(Synthetic(noise=INT4)) as server:
        options = ("--suite", "weights", "--decide-only", "--declared", "bf16", "--price-out", 1e6)
        said = verify(capsys, baseline_file, server.url, *options)
    result = json.loads(said.out)
    places = [
        said.err.index(part) for part in ("Expected price", "deciding: ", "outcome", result["sentence"])
    ]
    assert places == sorted(places)
    assert said.last == result["sentence"]
    assert "▲ fail" in said.err
    spent = next(line for line in said.err.splitlines() if line.strip().startswith("spent"))
    assert f"{result['completion_tokens']} completion tokens: ${result['completion_tokens']}.00" in spent


def test_a_smoke_run_stays_below_sixty_requests(baseline_file: Path, capsys: Capsys) -> None:
    with serving(Synthetic(noise=HONEST, stack="x")) as server:
        said = verify(capsys, baseline_file, server.url, "--suite", "smoke")
        assert 20 < server.requests < 60
    result = json.loads(said.out)
    assert (result["plan"], result["fidelity"]) == ("smoke", None)
    assert "It sends at most 59 requests." in said.err


@pytest.mark.parametrize("suite", ["smoke", "core", "deep"])
def test_an_endpoint_that_lacks_features_fails_nothing(
    suite: str, baseline_file: Path, capsys: Capsys
) -> None:
    """Neither logprobs nor tools, formats, streams or raw text: its text is judged, the rest is withheld."""
    withheld = frozenset({"tools", "response_format", "stream", "prompt"})
    bare = Behaving(noise=HONEST, stack="x", logprobs=False, refuses=withheld)
    with serving(bare) as server:
        said = verify(capsys, baseline_file, server.url, "--suite", suite, "--price-out", 2)
    result = json.loads(said.out)
    outcomes = {one["check"]: one["outcome"] for one in result["findings"]}
    assert not {name for name, outcome in outcomes.items() if outcome in ("fail", "warn", "error")}
    for name in ("capabilities", "structured_output", "streaming", "tool_schema"):
        assert outcomes[name] == "unsupported"
    assert set(plan(suite).checks) <= set(outcomes)
    assert re.search(r"\d+ of about \d+ requests, about \d+ s left, \$[\d.]+ so far", said.err)


def test_what_is_asked_for_goes_before_what_the_suite_says(baseline_file: Path, capsys: Capsys) -> None:
    with serving(Synthetic(noise=HONEST, stack="x")) as server:
        options = ("--suite", "smoke", "--no-decide-only", "--estimation-prompts", 4, "--max-requests", 200)
        result = json.loads(verify(capsys, baseline_file, server.url, *options).out)
    assert result["fidelity"] is not None
    assert result["requests"] <= 200


def test_terminal_codes_and_markup_of_an_endpoint_are_shown_as_text() -> None:
    assert plain("\x1b[31mred [bold]\r\n\u202eback").plain == " [31mred [bold]   back"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--suite", "grand"), "invalid choice: 'grand'"),
        (("--price-in", "-1"), "the input price is in US dollars per million tokens, not -1.0"),
        (("--price-out", "nan"), "the output price is in US dollars per million tokens, not nan"),
    ],
)
def test_prices_and_suites_that_make_no_sense_are_refused(
    options: tuple[str, ...], why: str, baseline_file: Path, capsys: Capsys
) -> None:
    said = verify(capsys, baseline_file, "http://127.0.0.1:9999/v1", *options)
    assert (said.status, said.out) == (3, "")
    assert why in said.last
