from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

import pytest

from tests.verifier.small_world import (
    HONEST,
    INT4,
    INT8,
    NAMED,
    SUITE,
    WIDE,
    baseline,
    first_prompts,
    found_by,
    judged,
    recorded,
    verify,
)
from tests.verifier.synthetic import Synthetic
from verifier.checks.base import Fault
from verifier.checks.registry import discover
from verifier.evidence.canonical import result_text, rounded
from verifier.scoring import policy

Result = dict[str, Any]

KEYS = {
    "assay_result", "model", "endpoint", "verdict", "sentence", "fidelity", "honest_band",
    "declaration", "ladder", "agreement", "evidence_level", "k", "context_types", "e_value", "e_values",
    "alpha", "requests", "prompt_tokens", "decision_tokens", "completion_tokens", "probe_tokens",
    "contexts", "prompts", "stopped_because", "excludes", "speed", "findings", "versions", "seed",
    "baseline",
    # beyond the list: what explains a deviation, the board's common k, reliability
    "plan", "grade", "cause", "fidelity_common", "faulty_requests", "fingerprint", "accuse_at",
    "decision_scores", "reference_requests",
}  # fmt: skip
VERDICTS = {
    "faithful": Synthetic(noise=HONEST, stack="x"),
    "deviating": Synthetic(noise=INT8, stack="x"),
    "different-model": Synthetic(other_vocabulary=True),
    "inconclusive": Synthetic(noise=HONEST, stack="x", dies_after=40),
    "insufficient-access": Synthetic(logprobs=False, silent=True),
    "not-measured": Synthetic(fails=1.0),
}
BEGINS = {
    "faithful": "Faithful: ",
    "deviating": "Deviating: ",
    "different-model": "Another model: ",
    "inconclusive": "Inconclusive: ",
    "insufficient-access": "Insufficient access: ",
    "not-measured": "Not measured: ",
}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {verdict: verify(endpoint) for verdict, endpoint in VERDICTS.items()}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_the_same_keys_and_a_sentence_of_its_own(
    verdict: str, results: dict[str, Result]
) -> None:
    result = results[verdict]
    assert result["verdict"] == verdict
    assert set(result) == KEYS
    assert result["sentence"].startswith(BEGINS[verdict])
    assert result["sentence"].endswith(".")
    assert ".." not in result["sentence"]
    assert "None" not in result["sentence"]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_result_is_json_with_rounded_numbers_and_nothing_else(
    verdict: str, results: dict[str, Result]
) -> None:
    result = results[verdict]
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert rounded(result) == result
    assert json.loads(result_text(result)) == result


@pytest.mark.parametrize("verdict", VERDICTS)
def test_numbers_that_must_agree_do(verdict: str, results: dict[str, Result]) -> None:
    result = results[verdict]
    assert result["decision_tokens"] <= result["completion_tokens"]
    assert result["probe_tokens"] <= min(10, result["completion_tokens"])
    assert result["prompts"] <= result["contexts"] <= result["requests"]
    assert result["requests"] >= len(result["findings"]) > 0
    assert result["assay_result"] == 1
    assert result["alpha"] == 0.01
    assert result["endpoint"] == NAMED
    assert result["model"] == "toy"
    assert result["baseline"] == baseline().id
    assert result["versions"] == {
        "suite": f"small 1.0 sha256:{SUITE.sha256}",
        "hidden_pool": None,
        "contract": "openai 1",
        "policy": policy.VERSION,
        "grading": policy.GRADING,
        "assay": version("assay"),
    }
    for shown in (result["fidelity"], result["fidelity_common"]):
        assert shown is None or 0 <= shown["low"] <= shown["value"] <= shown["high"] <= 100
    if verdict in ("faithful", "deviating", "different-model"):
        assert result["e_value"] >= 100
        assert result["stopped_because"] == "decided"


def test_the_parts_of_a_result_have_the_shapes_the_pages_read(results: dict[str, Result]) -> None:
    result = results["deviating"]
    assert set(result["fidelity"]) == {"value", "low", "high"}
    assert set(result["honest_band"]) >= {"delta", "fidelity", "margin", "stacks", "provisional", "c"}
    assert set(result["declaration"]) == {"declared", "measured", "state"}
    assert set(result["ladder"]) >= {"nearest", "rungs", "place"}
    for rung in (result["ladder"]["nearest"], *result["ladder"]["rungs"]):
        assert set(rung) >= {"name", "label", "quantization", "fidelity"}
    assert set(result["agreement"]) == {"value", "low", "high", "n", "kind"}
    assert set(result["e_values"]) == {
        "accusation", "accusation_now", "distribution", "choice", "sampling", "window",
        "written", "faithful_bulk", "faithful_tail", "different_model",
    }  # fmt: skip
    assert result["context_types"] == ["first_token", "chat_prefix"]
    assert set(result["speed"]) == {
        "first_token_ms", "inter_token_ms", "tokens_per_second", "by_prompt_length", "success",
    }  # fmt: skip
    assert set(result["grade"]) == {"letter", "caps", "unknown"}
    for finding in result["findings"]:
        assert set(finding) == {
            "check", "version", "outcome", "cause", "estimate", "low", "high", "n", "unit", "details",
        }  # fmt: skip
    checks = [finding["check"] for finding in result["findings"]]
    assert checks == [check.name for check, _ in discover() if not check.behaviour]


def test_only_faithful_excludes_something(results: dict[str, Result]) -> None:
    assert {verdict: result["excludes"] for verdict, result in results.items()} == {
        **dict.fromkeys(VERDICTS), "faithful": "INT8 and coarser",
    }  # fmt: skip


def test_a_run_without_an_answer_holds_one_finding_and_the_words_of_the_failure(
    results: dict[str, Result],
) -> None:
    result = results["not-measured"]
    assert result["sentence"] == "Not measured: The toy says server-error."
    assert [finding["check"] for finding in result["findings"]] == ["capabilities"]
    assert (result["evidence_level"], result["k"], result["context_types"]) == ("none", 0, [])
    assert (result["fidelity"], result["honest_band"], result["ladder"]) == (None, None, None)
    assert (result["e_value"], result["e_values"], result["contexts"]) == (1.0, {}, 0)
    assert (result["faulty_requests"], result["stopped_because"]) == (2, "endpoint-down")


@pytest.mark.parametrize("fault", Fault)
def test_whatever_the_failure_it_is_not_measured(fault: Fault) -> None:
    result = verify(Synthetic(fails=1.0, fault=fault))
    assert result["verdict"] == "not-measured"
    assert str(fault) in result["sentence"]
    assert result["faulty_requests"] == result["requests"] * (fault.status == "faulty")


@pytest.mark.parametrize(
    ("noise", "declared", "state"),
    [
        (HONEST, "bf16", "kept"),
        (INT8, "bf16", "broken"),
        (INT8, "fp8", "kept"),
        (INT4, "int8", "broken"),
        (INT4, "int4", "kept"),
        (INT4, None, "undeclared"),
    ],
)
def test_the_declaration_is_held_against_the_nearest_rung(
    noise: float, declared: str | None, state: str
) -> None:
    result = verify(Synthetic(noise=noise, stack="x"), declared=declared, decide_only=True)
    assert result["declaration"]["state"] == state
    assert result["declaration"]["declared"] == declared
    assert result["declaration"]["measured"] == {HONEST: None, INT8: "int8", INT4: "int4"}[noise]


def test_beyond_the_ladder_the_last_rung_is_a_bound_and_short_of_it_nothing_is_measured() -> None:
    beyond = verify(Synthetic(noise=3.0, stack="x"), declared="int8", decide_only=True)
    assert beyond["ladder"]["place"] == "beyond"
    assert beyond["declaration"]["state"] == "broken"
    assert "Further than the coarsest known degradation, INT4." in beyond["sentence"]
    short = verify(Synthetic(noise=0.04, stack="x"), declared="bf16", seed=1)
    assert short["verdict"] in ("deviating", "inconclusive")
    if short["verdict"] == "deviating":
        assert short["ladder"]["place"] == "short-of"
        assert short["declaration"] == {"declared": "bf16", "measured": None, "state": "unknown"}
        assert "Less than the smallest known degradation, INT8." in short["sentence"]


def test_a_broken_contract_explains_a_deviation_before_the_weights_do() -> None:
    result = verify(Synthetic(hidden_prompt=True, noise=INT4), declared="int8")
    assert result["cause"]["name"] == "hidden prompt"
    assert result["declaration"]["state"] == "unknown"
    another = verify(Synthetic(other_vocabulary=True, hidden_prompt=True))
    assert another["cause"]["name"] == "other model"
    assert "prompt tokens" in another["cause"]["evidence"]
    honest = verify(Synthetic(noise=HONEST, stack="x"))
    assert honest["cause"] is None


def test_a_provisional_band_says_so() -> None:
    alone = verify(Synthetic(noise=INT4), baseline=recorded())
    assert alone["honest_band"]["provisional"] is True
    assert "The honest band is provisional" in alone["sentence"]
    several = verify(Synthetic(noise=INT4), baseline=first_prompts(60))
    assert several["honest_band"]["provisional"] is False
    assert "provisional" not in several["sentence"]


def test_the_same_evidence_gives_the_same_bytes() -> None:
    texts = {result_text(verify(Synthetic(noise=INT8, stack="x"), seed=5)) for _ in range(2)}
    assert len(texts) == 1
    assert result_text(verify(Synthetic(noise=INT8, stack="x"), seed=6)) not in texts


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault.UNREACHABLE, "endpoint-down"),
        (Fault.UNAUTHORISED, "refused"),
        (Fault.REJECTED, "refused"),
        (Fault.EGRESS_REFUSED, "our-failure"),
    ],
)
def test_whose_silence_it_was(fault: Fault, why: str) -> None:
    result = verify(Synthetic(fails=1.0, fault=fault))
    assert (result["verdict"], result["stopped_because"]) == ("not-measured", why)


def test_a_fingerprint_is_a_label_with_its_support() -> None:
    cache = judged(noise=INT4, stack="cache")
    assert set(cache["fingerprint"]) == {"variant", "support"}
    assert cache["fingerprint"]["variant"] == "cache"
    assert 0.9 <= cache["fingerprint"]["support"] <= 1
    assert "It answers as cache does" in cache["sentence"]
    for unknown in (judged(noise=INT4), judged(), judged(temperature=0.5), judged(hidden_prompt=True)):
        assert unknown["fingerprint"] is None


def test_a_variant_that_is_no_quantization_measures_none() -> None:
    assert judged(noise=INT4, stack="INT4")["declaration"]["measured"] == "int4"
    assert judged(noise=INT4, stack="cache")["declaration"]["measured"] is None


def test_the_ladder_has_the_bounds_of_a_bootstrap() -> None:
    """Where something deviates; elsewhere the bounds are unknown, under the same keys."""
    for noise, rung in ((INT8, "INT8"), (INT4, "INT4")):
        ladder = judged(noise=noise)["ladder"]
        names = [one["name"] for one in ladder["rungs"]]
        assert names.index(ladder["low"]) <= names.index(rung) <= names.index(ladder["high"])
        assert 0 < ladder["support"] <= 1
    honest = judged()["ladder"]
    assert (honest["low"], honest["high"], honest["support"]) == (None, None, None)
    assert set(honest) == set(ladder)


def test_the_hidden_pool_is_named_by_its_hash_and_by_nothing_else() -> None:
    result = judged()
    assert result["versions"]["hidden_pool"] == f"sha256:{WIDE.hidden_sha256}"
    assert result["versions"]["suite"] == f"wide 1.0 sha256:{WIDE.sha256}"
    assert verify(Synthetic(dies_after=0))["versions"]["hidden_pool"] is None


@pytest.mark.parametrize(
    ("habit", "check", "kind"),
    [
        ({"text_noise": INT4}, "greedy_choice", "choice"),
        ({"temperature": 0.5}, "sampling", "sampling"),
        ({"window": 100}, "context_window", "window"),
    ],
)
def test_the_sentence_tells_of_the_evidence_that_leads(habit: dict[str, Any], check: str, kind: str) -> None:
    result = judged(**habit)
    assert result["sentence"].startswith(f"Deviating: {found_by(check, result)['cause']}")
    assert result["e_values"][kind] >= result["e_value"] >= 100
    assert result["stopped_because"] == "decided"
    assert result["ladder"]["nearest"] is not None
    assert "known degradation" not in result["sentence"], "the weights are not what deviates"


def test_an_accusation_among_many_endpoints_says_what_it_took() -> None:
    result = verify(Synthetic(noise=INT4, stack="x"), accuse_at=6000.0, decide_only=True)
    assert (result["verdict"], result["accuse_at"]) == ("deviating", 6000.0)
    assert result["e_value"] >= 6000
    assert judged()["accuse_at"] is None


def test_the_deviations_that_decided_are_kept_in_their_order() -> None:
    for result in (judged(), judged(noise=INT4), judged(logprobs=False)):
        scores = result["decision_scores"]
        assert len(scores) >= 3
        assert all(0 <= score <= 1 for score in scores)
    assert verify(Synthetic(fails=1.0))["decision_scores"] == []
