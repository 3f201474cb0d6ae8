"""A small suite, a baseline of it recorded from a made-up model, and runs against other made-up models."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Baseline, Role
from verifier.baseline.record import record
from verifier.checks.session import Session
from verifier.suites import Prompt, Suite
from verifier.verification import Settings, verification

HONEST, INT8, INT4 = 0.01, 0.08, 0.5
"""Nats of noise on every logit: what engines differ by, and what two quantizations cost."""
NAMED = {"base_url": "https://example.org/v1", "upstream_model": "toy"}
PROMPTS = 150


def suite_of(prompts: int) -> Suite:
    return Suite(
        "small",
        "1.0",
        "5" * 64,
        tuple(
            Prompt(f"p{i:03}", "question", "en", ({"role": "user", "content": f"What is {i}?"},))
            for i in range(prompts)
        ),
    )


SUITE = suite_of(PROMPTS)


@cache
def recorded() -> Baseline:
    """The reference's answers alone."""
    return converse(record(SUITE, model="toy"), Synthetic())


@cache
def baseline() -> Baseline:
    """With two honest stacks and a ladder of two rungs."""
    found = recorded()
    for label, noise, role, quantization in (
        ("engine-a", HONEST, Role.HONEST, None),
        ("engine-b", HONEST, Role.HONEST, None),
        ("INT8", INT8, Role.RUNG, "int8"),
        ("INT4", INT4, Role.RUNG, "int4"),
    ):
        cause = "weight quantization" if quantization else ""
        found = calibrated(found, Synthetic(noise=noise, stack=label), label, role, quantization, cause)
    return found


@cache
def first_prompts(count: int) -> Baseline:
    """The baseline with only so many of its prompts."""
    kept = set(list(baseline().by_prompt)[:count])
    return replace(baseline(), contexts=tuple(c for c in baseline().contexts if c.prompt_id in kept))


def calibrated(
    found: Baseline,
    endpoint: Synthetic,
    label: str,
    role: Role = Role.HONEST,
    quantization: str | None = None,
    cause: str = "",
    prompts: int | None = None,
) -> Baseline:
    dialogue = calibrate(
        found,
        SUITE,
        name=label,
        label=label,
        role=role,
        quantization=quantization,
        cause=cause,
        prompts=prompts,
    )
    return converse(dialogue, endpoint)


def verify(endpoint: Synthetic, settings: Settings | None = None, **changes: Any) -> dict[str, Any]:
    """The result of a run; `changes` are settings, or the `baseline`."""
    known = changes.pop("baseline", None) or baseline()
    chosen = settings or Settings(**changes)
    return converse(verification(known, SUITE, chosen, endpoint=NAMED), endpoint)


def session(known: Baseline | None = None, **settings: Any) -> Session:
    return Session(SUITE, known or baseline(), Settings(**settings))
