"""A small but complete error budget for tests. INVENTED: its numbers measure nothing, and never ship."""

from __future__ import annotations

from typing import Any


def document() -> dict[str, Any]:
    """A new copy of the fixture, as the file's JSON decodes."""
    honest = [
        _honest("f32", "f32", "official weights, as f32, f32 arithmetic, one slot", "logprobs", 190),
        _honest("f16-slots", "f16, two slots", "official weights, as f16, two slots", "logprobs", 205),
        _honest("f32", "f32", "official weights, as f32, f32 arithmetic, one slot", "text", 410),
        _honest(
            "f16-slots", "f16, two slots", "official weights, as f16, two slots", "text", 460, undecided=12
        ),
    ]
    return {
        "assay_error_budget": 1,
        "made_by": "make bench-power",
        "made_at": "2026-11-24T22:10:00+00:00",
        "versions": {"suite": f"core 1.0 sha256:{'ab' * 32}", "policy": "1", "assay": "0.1.0"},
        "model": "TEST FIXTURE / invented figures",
        "alpha": 0.01,
        "seeds": 20,
        "prompts": 600,
        "detection": _detections(),
        "honest": honest,
        "totals": {
            "logprobs": _total(runs=1120, upper=0.00329, stacks=2, stacks_upper=0.842),
            "text": _total(runs=1120, upper=0.00329, stacks=2, stacks_upper=0.842),
        },
        "causes": {
            "logprobs": {
                "weight quantization": {"weight quantization": 60},
                "KV-cache quantization": {"KV-cache quantization": 17, "weight quantization": 3},
                "hidden prompt": {"hidden prompt": 20},
            },
            "text": {"weight quantization": {"weight quantization": 41, "none named": 6}},
        },
        "peers": [
            _peer("MET", "Model Equality Testing (MMD, Hamming kernel)", "arXiv 2410.20247", 4000, 10000),
            _peer("RUT", "Rank-based uniformity test", "arXiv 2506.06975", None, 10000),
        ],
        "monitoring": {
            "threshold": 1e5,
            "probes_per_day": 24,
            "swap": "int4-g64",
            "after": 2400,
            "delay": {"median": 12, "p90": 18, "max": 25},
            "honest_probes": 100000,
            "alarms": 0,
        },
    }


def _detections() -> list[dict[str, Any]]:
    weights, cache, prompt = "weight quantization", "KV-cache quantization", "hidden prompt"
    four, eight = "linear layers rounded to INT4, one scale per 64 inputs", "GGUF Q8_0 projections"
    kept, told, logprobs = "attention cache in 8 bits", "a sentence put before every chat", "logprobs"
    return [
        _detection("int4-g64", "INT4 g64", four, weights, "logprobs", (3, 5, 6), 8),
        _detection("int4-g64", "INT4 g64", four, weights, "text", (4, 8, 11), 15),
        _detection("q8_0", "Q8_0", eight, weights, "logprobs", (13, 17, 24), 25),
        _detection("q8_0", "Q8_0", eight, weights, "text", (44, 92, 140), 80, within=17),
        _detection("hidden-prompt", "hidden system prompt", told, prompt, logprobs, (4, 6, 9), 10),
        _detection("kv-q8_0", "KV cache q8_0", kept, cache, logprobs, (120, 160, 210), 250),
        _detection("kv-q8_0", "KV cache q8_0", kept, cache, "text", None, None, detected=0),
        _detection("q6", "Q6_K", "6-bit projections", weights, "text", (300, 480, 500), None, detected=7),
    ]  # fmt: skip


def _detection(
    name: str,
    label: str,
    what: str,
    cause: str,
    evidence: str,
    tokens: tuple[int, int, int] | None,
    reach: int | None,
    *,
    detected: int = 20,
    within: int | None = None,
) -> dict[str, Any]:
    low, high = {0: (0.0, 0.168), 7: (0.154, 0.592), 20: (0.832, 1.0)}[detected]
    return {
        "deployment": name,
        "label": label,
        "what": what,
        "cause": cause,
        "evidence": evidence,
        "runs": 20,
        "detected": detected,
        "low": low,
        "high": high,
        "tokens": None if tokens is None else dict(zip(("median", "p90", "max"), tokens, strict=True)),
        "reach": None if reach is None else {"tokens": reach, "share": 0.9},
        "within": None if reach is None else (detected if within is None else within),
        "verdicts": {
            word: n for word, n in {"deviating": detected, "inconclusive": 20 - detected}.items() if n
        },
        "named": {cause: detected} if detected else {},
    }


def _honest(
    name: str, label: str, what: str, evidence: str, median: int, *, undecided: int = 0
) -> dict[str, Any]:
    faithful = 560 - undecided
    return {
        "deployment": name,
        "label": label,
        "what": what,
        "evidence": evidence,
        "runs": 560,
        "accused": 0,
        "faithful": faithful,
        "within": faithful,
        "tokens": {"median": median, "p90": median + 24, "max": median + 70},
        "verdicts": {word: n for word, n in {"faithful": faithful, "inconclusive": undecided}.items() if n},
    }


def _total(*, runs: int, upper: float, stacks: int, stacks_upper: float) -> dict[str, Any]:
    return {
        "runs": runs,
        "accused": 0,
        "runs_upper": upper,
        "stacks": stacks,
        "stacks_accused": 0,
        "stacks_upper": stacks_upper,
    }


def _peer(method: str, full_name: str, source: str, needed: int | None, tried: int) -> dict[str, Any]:
    return {
        "method": method,
        "full_name": full_name,
        "source": source,
        "evidence": "sampled text",
        "deployment": "int4-g64",
        "label": "INT4 g64",
        "rates": [{"tokens": 300, "detected": 3, "runs": 20}, {"tokens": tried, "detected": 12, "runs": 20}],
        "tokens_for_90": needed,
        "most_tokens_tried": tried,
    }
