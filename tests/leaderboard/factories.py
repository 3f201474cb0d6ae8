"""Test data for the pages: a laboratory that never was, with results as `assay verify --json` writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from verifier.models import (
    Baseline,
    Endpoint,
    Finding,
    Model,
    Observation,
    Provider,
    Reference,
    Run,
    RunState,
)

RUNGS = (
    ("int8-row", "INT8 per row", "int8", 97.4),
    ("fp8-row", "FP8 E4M3 per row", "fp8", 94.4),
    ("int4-g64", "INT4 groups of 64", "int4", 74.7),
)
BAND = {"delta": 0.006, "fidelity": 99.4, "margin": 1.5, "stacks": 3, "provisional": False, "c": 0.026}


def provider(slug: str = "test-lab", name: str = "Test laboratory", **kwargs: Any) -> Provider:
    return Provider.objects.get_or_create(slug=slug, defaults={"name": name, "is_lab": True, **kwargs})[0]


def model(org: str = "HuggingFaceTB", name: str = "SmolLM2-135M-Instruct", **kwargs: Any) -> Model:
    return Model.objects.get_or_create(org=org, name=name, defaults={"precision": "bf16", **kwargs})[0]


def endpoint(label: str, *, of: Model | None = None, by: Provider | None = None, **kwargs: Any) -> Endpoint:
    fields = {
        "variant": label.lower().replace(" ", "-")[:80],
        "base_url": "https://test.invalid/v1",
        "upstream_model": "test-model",
        "declared_quantization": "bf16",
    }
    return Endpoint.objects.create(
        provider=by or provider(), model=of or model(), label=label, **{**fields, **kwargs}
    )


def baseline(of: Model) -> Baseline:
    reference, _ = Reference.objects.get_or_create(
        model=of,
        name="reference",
        defaults={
            "role": "reference",
            "label": "Reference",
            "quantization": "bf16",
            "base_url": "https://reference.invalid/v1",
            "upstream_model": "test-model",
        },
    )
    return Baseline.objects.get_or_create(
        model=of,
        reference=reference,
        defaults={
            "suite_name": "core",
            "suite_version": "1.0",
            "suite_sha256": "0" * 64,
            "state": "ready",
            "data": b"test",
            "digest": "sha256:" + "0" * 64,
        },
    )[0]


def result(
    verdict: str = "deviating",
    fidelity: tuple[float, float, float] | None = (97.21, 96.74, 97.63),
    *,
    declared: str = "bf16",
    measured: str | None = "int8",
    state: str = "broken",
    nearest: str | None = "int8-row",
    **kwargs: Any,
) -> dict[str, Any]:
    """A result with every key of the contract; keywords replace what they name."""
    rungs = [dict(zip(("name", "label", "quantization", "fidelity"), rung, strict=True)) for rung in RUNGS]
    found = next((rung for rung in rungs if rung["name"] == nearest), None)
    place = {"place": "at", "low": nearest, "high": nearest, "support": 0.98}
    if found is None:
        place = dict.fromkeys(place)
    value = None if fidelity is None else dict(zip(("value", "low", "high"), fidelity, strict=True))
    if isinstance(letter := kwargs.get("grade"), str):
        kwargs["grade"] = {"letter": letter, "caps": [], "unknown": []}
    return {
        "assay_result": 1,
        "model": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "endpoint": {"base_url": "https://test.invalid/v1", "upstream_model": "test-model"},
        "verdict": verdict,
        "sentence": "Test data: a sentence.",
        "cause": None,
        "fidelity": value,
        "honest_band": BAND,
        "declaration": {"declared": declared, "measured": measured, "state": state},
        "ladder": {"nearest": found, "rungs": rungs, **place},
        "fingerprint": None,
        "agreement": {"value": 0.957, "low": 0.93, "high": 0.974, "n": 412, "kind": "top-1"},
        "evidence_level": "distributions",
        "k": 20,
        "context_types": ["first_token", "chat_prefix"],
        "e_value": 812.3,
        "e_values": {
            "accusation": 812.3,
            "accusation_now": 812.3,
            "distribution": 1015.1,
            "choice": 1.0,
            "sampling": 2.31,
            "window": 1.0,
            "written": 1.0,
            "faithful_bulk": 1.02,
            "faithful_tail": 1.0,
            "different_model": 1.0,
        },
        "alpha": 0.01,
        "accuse_at": 300.0,
        "decision_scores": [0.02] * 13,
        "requests": 420,
        "prompt_tokens": 21040,
        "decision_tokens": 13,
        "completion_tokens": 422,
        "probe_tokens": 10,
        "contexts": 412,
        "prompts": 130,
        "stopped_because": "decided",
        "excludes": None,
        "findings": [],
        "versions": {"suite": "core 1.0 sha256:" + "0" * 64, "policy": "1", "assay": "0.1.0"},
        "seed": 7,
        "baseline": "sha256:" + "0" * 64,
        **kwargs,
    }


def faithful(fidelity: tuple[float, float, float] = (99.54, 99.38, 99.71), **kwargs: Any) -> dict[str, Any]:
    e_values = {
        "accusation": 1.4,
        "accusation_now": 0.02,
        "distribution": 1.5,
        "choice": 1.0,
        "sampling": 1.2,
        "window": 1.0,
        "written": 1.1,
        "faithful_bulk": 240.0,
        "faithful_tail": 251.0,
        "different_model": 1.0,
    }
    own = {"excludes": "8-bit and coarser", "decision_tokens": 118, "e_value": 240.0, "e_values": e_values}
    fields = {**own, **kwargs}
    return result("faithful", fidelity, measured=None, state="kept", nearest=None, **fields)


def run(
    of: Endpoint,
    found: Mapping[str, Any] | None = None,
    *,
    ended: datetime | None = None,
    trigger: str = "operator",
    e_value: float | None = None,
) -> Run:
    """A complete run with this result (by default: deviating, like 8-bit weights).

    `e_value` replaces that of its accusation.
    """
    value = dict(found if found is not None else result())
    if e_value is not None:
        value["e_values"] = {**value["e_values"], "accusation": e_value, "accusation_now": e_value}
    fidelity = value["fidelity"] or {}
    moment = ended or timezone.now() - timedelta(hours=2)
    return Run.objects.create(
        endpoint=of,
        baseline=baseline(of.model),
        state=RunState.COMPLETE,
        seed=value["seed"],
        result=value,
        verdict=value["verdict"],
        fidelity=fidelity.get("value"),
        fidelity_low=fidelity.get("low"),
        fidelity_high=fidelity.get("high"),
        policy_version="1",
        accusation=value["e_values"].get("accusation_now"),
        prompts=value["prompts"],
        trigger=trigger,
        done=value["requests"],
        planned=value["requests"],
        started=moment - timedelta(minutes=1),
        ended=moment,
    )


def open_run(of: Endpoint, *, done: int = 120, planned: int = 420, state: str = RunState.RUNNING) -> Run:
    return Run.objects.create(
        endpoint=of,
        baseline=baseline(of.model),
        state=state,
        done=done,
        planned=planned,
        stage="first tokens" if state == RunState.RUNNING else "",
        started=timezone.now() - timedelta(seconds=20),
        settings={"accuse_at": 300.0},
        course=[[8, 1.0, 1.0], [24, 1.6, 1.3], [done, 41.0, 1.4]] if done > 24 else [],
    )


def divergent(number: int = 1, **kwargs: Any) -> dict[str, Any]:
    """One entry of `details["most_divergent"]`."""
    return {
        "prompt_id": f"astronomy-{number:02d}",
        "prompt": "Name the largest planet in the solar system and one fact about it.",
        "prefix": "The largest planet in the solar system is Jupiter",
        "context_type": "chat_prefix",
        "tv": 0.41,
        "reference": [
            {"token": ".", "p": 0.62},
            {"token": ",", "p": 0.25},
            {"token": " and", "p": 0.06},
            {"token": " with", "p": 0.03},
        ],
        "endpoint": [
            {"token": ",", "p": 0.55},
            {"token": ".", "p": 0.21},
            {"token": " and", "p": 0.12},
            {"token": "\n", "p": 0.05},
        ],
        **kwargs,
    }


def finding(of: Run, contexts: Sequence[Mapping[str, Any]] = (), **kwargs: Any) -> Finding:
    fields = {
        "check_name": "token_distribution",
        "version": "1",
        "outcome": "fail",
        "estimate": 97.21,
        "low": 96.74,
        "high": 97.63,
        "n": 130,
        "unit": "of 100 next tokens",
        "cause": "Its next-token distributions lie beyond the honest band.",
        "details": {"most_divergent": list(contexts)},
    }
    return Finding.objects.create(run=of, **{**fields, **kwargs})


def observation(of: Run, sequence: int = 1, **kwargs: Any) -> Observation:
    key = f"first_token/astronomy-{sequence:03d}"
    fields = {
        "key": key,
        "purpose": "decision",
        "request": {
            "api": "chat/completions",
            "body": {
                "messages": [{"role": "user", "content": "Name the largest planet in the solar system."}],
                "max_tokens": 1,
                "temperature": 0,
                "logprobs": True,
                "top_logprobs": 20,
            },
        },
        "status": "ok",
        "payload": {
            "key": key,
            "status": "ok",
            "attempts": 1,
            "elapsed": 0.0382,
            "answer": {
                "text": "The",
                "positions": [
                    {
                        "token": b"The".hex(),
                        "logprob": -0.21,
                        "top": [[b"The".hex(), -0.21], [b"J".hex(), -2.3], [b"\n".hex(), -4.1]],
                    }
                ],
                "prompt_tokens": 48,
                "completion_tokens": 1,
            },
        },
    }
    return Observation.objects.create(run=of, sequence=sequence, **{**fields, **kwargs})


def faulty_observation(of: Run, sequence: int, fault: str = "timeout", detail: str = "") -> Observation:
    key = f"first_token/faulty-{sequence:03d}"
    payload = {"key": key, "status": "faulty", "fault": fault, "detail": detail, "elapsed": 60.0}
    return observation(of, sequence, key=key, status="faulty", fault=fault, payload=payload)


def board(of: Model | None = None) -> dict[str, Endpoint]:
    """A board with one endpoint of every kind, published; the endpoints by label."""
    from leaderboard.services import publish

    of = of or model()
    now = timezone.now()
    text = {"value": 0.79, "low": 0.74, "high": 0.83, "n": 120, "kind": "top-1 on near-tie contexts"}
    nothing: dict[str, Any] = {"measured": None, "state": "unknown", "nearest": None}
    int4 = {"measured": "int4", "nearest": "int4-g64"}
    fp8 = {"measured": "fp8", "nearest": "fp8-row"}
    silent: dict[str, Any] = {**nothing, "agreement": None, "evidence_level": "none", "decision_tokens": 0}
    speed = {"first_token_ms": {"p50": 33.2, "p95": 61.0, "n": 420}}
    kinds: list[tuple[str, str, dict[str, Any] | None]] = [
        ("Lab f16", "official weights, other arithmetic", faithful((99.54, 99.38, 99.71))),
        ("Lab f32, four slots", "official weights, under load", faithful((99.49, 99.36, 99.62))),
        ("Lab bf16 cache", "official weights, bf16 KV cache", faithful((99.41, 99.3, 99.52))),
        ("Lab Q8_0", "8-bit weights", result(speed=speed)),
        ("Lab FP8", "FP8 E4M3 weights", result(fidelity=(94.4, 93.7, 95.02), **fp8)),
        (
            "Lab FP8, declared",
            "FP8 E4M3 weights, and says so",
            result(fidelity=(94.1, 93.4, 94.8), declared="fp8", state="kept", **fp8),
        ),
        (
            "Lab hidden prompt",
            "a system prompt is injected",
            result(
                fidelity=(89.9, 88.3, 91.4),
                measured=None,
                state="unknown",
                nearest="fp8-row",
                cause={
                    "name": "hidden prompt",
                    "support": 1.0,
                    "evidence": "It counts 13 prompt tokens more than the official template makes.",
                },
            ),
        ),
        ("Lab Q4_0", "4-bit weights", result(fidelity=(78.3, 76.2, 80.3), decision_tokens=4, **int4)),
        ("Lab one layer dropped", "29 of 30 layers", result(fidelity=(76.8, 74.6, 78.9), **int4)),
        ("Lab other model", "random weights", result("different-model", (11.2, 8.1, 14.6), **nothing)),
        (
            "Lab without logprobs",
            "4-bit weights, text only",
            result("deviating", None, agreement=text, evidence_level="text", **nothing),
        ),
        (
            "Lab KV q8_0",
            "8-bit KV cache",
            result("inconclusive", (99.06, 98.7, 99.35), stopped_because="budget", **nothing),
        ),
        ("Lab silent", "refuses what is needed", result("insufficient-access", None, **silent)),
        (
            "Lab down",
            "answers nothing",
            result("not-measured", None, stopped_because="endpoint-down", **silent),
        ),
        ("Lab new", "registered a minute ago", None),
    ]
    made: dict[str, Endpoint] = {}
    for number, (label, what, found) in enumerate(kinds):
        declared = "bf16" if found is None else found["declaration"]["declared"]
        made[label] = endpoint(label, of=of, what=what, declared_quantization=declared)
        if found is not None:
            ended = run(made[label], found, ended=now - timedelta(minutes=35 * (number + 1)))
            if found["verdict"] == "deviating" and found["fidelity"]:
                finding(ended, [divergent(1), divergent(2, prefix="", tv=0.33, context_type="first_token")])
                observation(ended, 1)
    publish(of.pk)
    return made
