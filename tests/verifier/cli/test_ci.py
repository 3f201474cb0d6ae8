from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.verifier.cli.commands import baseline_file, call
from tests.verifier.small_world import INT4
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import serving
from verifier.cli import ci

__all__ = ["baseline_file"]


def result(verdict: str = "deviating", *outcomes: str, text: str = "Said.") -> dict[str, Any]:
    return {
        "model": "org/model",
        "verdict": verdict,
        "sentence": text,
        "endpoint": {"base_url": "https://one.invalid/v1", "upstream_model": "one"},
        "fidelity": {"value": 97.2, "low": 96.7, "high": 97.6},
        "declaration": {"declared": "bf16", "measured": "int8", "state": "broken"},
        "versions": {"suite": "core", "policy": "2", "assay": "0.1.0"},
        "findings": [
            {
                "check": f"check_{number}",
                "outcome": outcome,
                "cause": text,
                "estimate": 1.0,
                "low": 0.5,
                "high": 1.5,
                "n": 10,
                "unit": "points",
            }
            for number, outcome in enumerate(outcomes)
        ],
    }


OUTCOMES = ("pass", "warn", "fail", "inconclusive", "unsupported", "faulty", "error")


def test_junit_fails_what_fails_and_skips_what_could_not_be_told() -> None:
    suite = ElementTree.fromstring(ci.junit(result("deviating", *OUTCOMES)))[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "8",
        "failures": "2",
        "errors": "1",
        "skipped": "2",
    }
    kinds = {case.get("name"): case[0].tag for case in suite}
    assert kinds["verdict"] == "failure"
    assert kinds["check_2"] == "failure"
    assert kinds["check_6"] == "error"
    assert kinds["check_3"] == kinds["check_4"] == "skipped"
    assert kinds["check_0"] == "system-out"


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [("faithful", "system-out"), ("inconclusive", "skipped"), ("different-model", "failure")],
)
def test_the_verdict_is_a_case_of_its_own(verdict: str, kind: str) -> None:
    suite = ElementTree.fromstring(ci.junit(result(verdict)))[0]
    assert suite[0][0].tag == kind


def test_sarif_tells_what_speaks_against_the_endpoint() -> None:
    found = ci.sarif(result("deviating", *OUTCOMES))
    assert (found["version"], len(found["runs"])) == ("2.1.0", 1)
    run = found["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["verdict", *(f"check_{number}" for number in range(7))]
    told = [(one["ruleId"], one["level"]) for one in run["results"]]
    assert told == [
        ("verdict", "error"),
        ("check_1", "warning"),
        ("check_2", "error"),
        ("check_5", "warning"),
    ]
    assert all(one["message"]["text"] and one["locations"] for one in run["results"])
    assert ci.sarif(result("faithful", "pass"))["runs"][0]["results"] == []


def test_a_strangers_text_breaks_neither() -> None:
    hostile = result("deviating", "fail", text='</failure><x a="1">\x00\x1b\ud800\ufffe & ]]>')
    suite = ElementTree.fromstring(ci.junit(hostile))[0]
    assert len(list(suite.iter("x"))) == 0
    assert json.loads(json.dumps(ci.sarif(hostile)))


def test_verify_writes_both(baseline_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    junit, sarif = tmp_path / "junit.xml", tmp_path / "assay.sarif"
    with serving(Synthetic(noise=INT4, stack="x")) as server:
        given = ("--baseline", baseline_file, "--base-url", server.url, "--model", "toy", "--no-report")
        reports = ("--junit", junit, "--sarif", sarif)
        said = call(capsys, "verify", *given, "--suite", "weights", *reports)
    assert said.status == 1
    suite = ElementTree.parse(junit).getroot()[0]
    assert suite[0].get("name") == "verdict"
    assert suite[0][0].tag == "failure"
    assert json.loads(sarif.read_text("utf-8"))["runs"][0]["results"][0]["ruleId"] == "verdict"
