from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from leaderboard.pages.report import commands, finding_line, past, report
from tests.leaderboard.factories import BAND, faithful, result
from verifier.models import Endpoint, Finding, Model, Run, RunState


def endpoint(**kwargs: Any) -> Endpoint:
    fields: dict[str, Any] = {
        "model": Model(org="HuggingFaceTB", name="SmolLM2-135M-Instruct"),
        "label": "Lab Q8_0",
        "base_url": "https://test.invalid/v1",
        "upstream_model": "test model",
        "declared_quantization": "bf16",
    }
    return Endpoint(**{**fields, **kwargs})


def facts(found: dict[str, Any]) -> dict[str, str]:
    return {fact.name: fact.value.replace("\u202f", " ") for fact in report(found, endpoint()).facts}


def test_the_ladder_and_its_table_have_the_same_stations() -> None:
    made = report(result(), endpoint(), (99.5, 78.3))
    assert made.ladder is not None
    assert len(made.ladder.others) == 2
    assert [line.name for line in made.ladder_lines] == [
        "Honest deployments",
        "INT8 per row",
        "Lab Q8_0",
        "FP8 E4M3 per row",
        "INT4 groups of 64",
    ]
    assert (made.figure, made.interval) == ("97.21", "96.74–97.63")


def test_the_numbers_of_a_run() -> None:
    shown = facts(result(speed={"first_token_ms": {"p50": 33.2, "p95": 61.0, "n": 420}}))
    assert shown["Fidelity"] == "97.21 (96.74–97.63)"
    assert shown["Honest band"] == "≥ 99.40"
    assert shown["e-value"] == "810"
    pool = {"suite": "core 1.0 sha256:" + "0" * 64, "hidden_pool": "sha256:" + "1" * 64}
    assert facts(result(versions=pool))["Hidden pool"] == "sha256:1111111111111111…"
    assert shown["Decided after"] == "13 tokens"
    assert shown["Tokens"] == "21 040 read, 422 written"
    assert shown["First token"] == "33 ms (p95 61 ms)"
    assert shown["Baseline"] == "sha256:0000000000000000…"
    assert shown["Suite"] == "core 1.0"
    common = {"k": 5, "value": 98.1, "low": 97.7, "high": 98.5}
    assert facts(result(fidelity_common=common))["At the common k"] == "98.10 (97.70–98.50)"
    assert "At the common k" not in facts(result(k=5, fidelity_common=common))


def test_what_a_result_does_not_have_is_left_out() -> None:
    text = result(
        fidelity=None, ladder=None, honest_band={**BAND, "fidelity": None}, evidence_level="text", k=0
    )
    made = report(text, endpoint())
    assert made.ladder is None
    assert made.share is not None
    assert "Honest band" not in facts(text)
    assert "First token" not in facts(text)
    rungs = [{"name": "x", "label": "X", "quantization": "int8", "fidelity": None}]
    assert report({**text, "ladder": {"nearest": None, "rungs": rungs}}, endpoint()).ladder_lines == ()


def explained(**kwargs: Any) -> dict[str, tuple[str, str]]:
    made = report(result(**kwargs), endpoint()).explanation
    return {fact.name: (fact.value.replace("\u202f", " "), fact.note) for fact in made}


def test_what_a_deviation_looks_like() -> None:
    cause = {
        "name": "kv-cache quantization",
        "support": 0.97,
        "evidence": "It answers as KV cache q4_0 does.",
    }
    variant = {"variant": "KV cache q4_0", "support": 0.97}
    place = {"place": "at", "low": "int8-row", "high": "fp8-row", "support": 0.81}
    found = result()["ladder"] | place
    shown = explained(cause=cause, fingerprint=variant, ladder=found)
    assert shown["Cause"] == ("Quantized KV cache, support 97 %", "It answers as KV cache q4_0 does.")
    assert shown["Fingerprint"][0] == "Answers as KV cache q4_0 does, support 97 %"
    where, how_sure = shown["On the ladder"]
    assert where == "Closest to INT8 per row, support 81 %"
    assert "between INT8 per row and FP8 E4M3 per row" in how_sure
    made = report(result(ladder=found), endpoint()).ladder
    assert made is not None
    assert made.nearest is not None
    assert made.place is not None
    assert made.place.width > 0


def test_what_nothing_explains_says_so() -> None:
    assert explained()["Cause"][0] == "None of the known ones"
    assert explained()["On the ladder"][1] == "It stays there when the prompts are drawn again."
    beyond = result()["ladder"] | {"place": "beyond", "low": None, "high": None}
    assert explained(ladder=beyond)["On the ladder"] == (
        "Further off than the coarsest known degradation, INT8 per row",
        "",
    )
    assert explained(ladder=None, cause={"name": "pruning", "support": None, "evidence": ""}) == {
        "Cause": ("Pruning", "")
    }
    assert report(faithful(), endpoint()).explanation == ()


def test_without_a_result_nothing_is_claimed() -> None:
    made = report(None, endpoint())
    assert str(made.headline) == "Not yet measured"
    assert (made.facts, made.ladder, made.numbers, made.declared) == ((), None, "", "bf16")


def test_a_provisional_band_says_so() -> None:
    found = report(result(honest_band={**BAND, "stacks": 1, "provisional": True}), endpoint())
    (note,) = [fact.note for fact in found.facts if fact.name == "Honest band"]
    assert note == "1.5 × the worst of 1 honest stack; provisional"


@pytest.mark.parametrize(
    ("kwargs", "shown"),
    [
        ({"estimate": 97.21, "low": 96.74, "high": 97.63}, ("97.21", "96.74–97.63")),
        ({"estimate": 0.0124, "low": 0.0041, "high": 0.0208}, ("0.012", "0.004–0.021")),
        ({"estimate": 31.0}, ("31", "")),
        ({"estimate": 0.4312}, ("0.431", "")),
        ({"estimate": None}, ("–", "")),
    ],
)
def test_findings_are_shown_with_their_interval(kwargs: dict[str, Any], shown: tuple[str, str]) -> None:
    line = finding_line(Finding(check_name="prompt_tokens", version="1", outcome="pass", cause="c", **kwargs))
    assert (line.check, line.estimate, line.interval) == ("Prompt tokens", *shown)
    assert line.n == "–"


def test_a_deviation_is_told_in_points() -> None:
    found = Finding(check_name="raw_text", version="1", outcome="pass", cause="c", estimate=0.1567, n=12)
    line = finding_line(found)
    assert (line.estimate, line.unit) == ("15.7", "points of deviation")
    gap = Finding(
        check_name="pool_gap", version="1", outcome="fail", cause="c", estimate=0.02, low=0.01, high=0.03
    )
    assert (finding_line(gap).estimate, finding_line(gap).interval) == ("2.0", "1.0–3.0")
    assert finding_line(gap).check == "Public and hidden prompts"


def test_a_unit_that_nobody_knows_is_put_into_words() -> None:
    found = Finding(
        check_name="capabilities", version="1", outcome="pass", cause="c", estimate=20.0, unit="k"
    )
    assert (finding_line(found).estimate, finding_line(found).unit) == ("20", "tokens listed")


def test_history() -> None:
    now = timezone.now()
    complete = past(
        Run(
            state=RunState.COMPLETE,
            verdict="faithful",
            result=faithful(),
            fidelity=99.54,
            fidelity_low=99.38,
            fidelity_high=99.71,
            created=now,
            ended=now,
        )
    )
    assert (complete.fidelity, complete.tokens) == ("99.54", "422")
    failed = past(Run(state=RunState.FAILED, error="ours", created=now))
    assert (failed.term, failed.fidelity, failed.tokens) == (None, "–", "–")


def test_the_commands_can_be_pasted_into_a_shell() -> None:
    text = commands(endpoint(upstream_model="a; rm -rf /"), result())
    assert "--model 'a; rm -rf /'" in text
    assert "--declared bf16" in text
    assert "--seed 7" in text
    assert "--suite core" in text
    bare = commands(endpoint(declared_quantization="unknown"), None)
    assert "--declared" not in bare
    assert "--seed" not in bare
