"""A small suite, a baseline of it recorded from a made-up model, and runs against other made-up models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

from tests.verifier.synthetic import TEMPLATE, Synthetic, converse
from verifier.baseline.calibrate import calibrate
from verifier.baseline.model import Baseline, Role
from verifier.baseline.record import LONG_CATEGORY, record
from verifier.baseline.template import ChatTemplate
from verifier.checks.session import Session
from verifier.suites import Prompt, Suite, as_jsonl, with_hidden
from verifier.verification import Settings, verification

HONEST, INT8, INT4 = 0.01, 0.08, 0.5
"""Nats of noise on every logit: what engines differ by, and what two quantizations cost."""
NAMED = {"base_url": "https://example.org/v1", "upstream_model": "toy"}
PROMPTS = 150
PUBLIC, HIDDEN, LONG = 140, 40, 8
"""Prompts of the wide suite: short public ones, a hidden pool, and long public ones."""
LONG_WORDS = 420


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


def _wide() -> Suite:
    """Longer: what is asked stands at the beginning, and only filling follows."""
    fill = " ".join(["so"] * LONG_WORDS)
    long = tuple(
        Prompt(f"l{i}", LONG_CATEGORY, "en", ({"role": "user", "content": f"What is {i} if {fill}"},))
        for i in range(LONG)
    )
    hidden = tuple(
        Prompt(f"h{i:03}", "question", "en", ({"role": "user", "content": f"Who is {i}?"},))
        for i in range(HIDDEN)
    )
    public = replace(suite_of(PUBLIC), name="wide", prompts=(*suite_of(PUBLIC).prompts, *long))
    return with_hidden(public, hidden, sha256(as_jsonl(hidden)).hexdigest())


WIDE = _wide()
"""With a hidden pool and long prompts."""
KNOWN: Mapping[str, tuple[Synthetic, Role, str | None, str]] = {
    "engine-a": (Synthetic(noise=HONEST, stack="engine-a"), Role.HONEST, None, ""),
    "engine-b": (Synthetic(noise=HONEST, stack="engine-b"), Role.HONEST, None, ""),
    "INT8": (Synthetic(noise=INT8, stack="INT8"), Role.RUNG, "int8", "weight quantization"),
    "INT4": (Synthetic(noise=INT4, stack="INT4"), Role.RUNG, "int4", "weight quantization"),
    "cache": (Synthetic(noise=INT4, stack="cache"), Role.VARIANT, None, "kv-cache quantization"),
}
"""What the wide baseline was calibrated with; the variant lies where INT4 does on the ladder."""


@cache
def recorded() -> Baseline:
    """The reference's answers alone."""
    return converse(record(SUITE, model="toy"), Synthetic())


@cache
def first_answers() -> Baseline:
    """The reference's answers to a few prompts: for what does not look at them."""
    return converse(record(SUITE, model="toy", prompts=20), Synthetic())


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
def wide() -> Baseline:
    """Of the wide suite, with raw text, long prompts, two honest stacks, a ladder and a variant beside it."""
    found = converse(record(WIDE, model="toy", template=ChatTemplate(TEMPLATE)), Synthetic())
    for label, (endpoint, role, quantization, cause) in KNOWN.items():
        found = calibrated(found, endpoint, label, role, quantization, cause)
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
        suite_for(found),
        name=label,
        label=label,
        role=role,
        quantization=quantization,
        cause=cause,
        prompts=prompts,
    )
    return converse(dialogue, endpoint)


def suite_for(known: Baseline) -> Suite:
    """The suite that the baseline was recorded with."""
    return WIDE if known.suite.startswith(WIDE.name) else SUITE


def verify(endpoint: Synthetic, settings: Settings | None = None, **changes: Any) -> dict[str, Any]:
    """The result of a run; `changes` are settings, or the `baseline`."""
    known = changes.pop("baseline", None) or baseline()
    chosen = settings or Settings(**changes)
    return converse(verification(known, suite_for(known), chosen, endpoint=NAMED), endpoint)


@cache
def judged(**habits: Any) -> dict[str, Any]:
    """The result of one run on the wide baseline against an endpoint of these habits, honest otherwise."""
    return verify(Synthetic(**{"noise": HONEST, "stack": "x", **habits}), baseline=wide())


def session(known: Baseline | None = None, **settings: Any) -> Session:
    known = known or baseline()
    return Session(suite_for(known), known, Settings(**settings))


def found_by(check: str, result: Mapping[str, Any]) -> dict[str, Any]:
    """The finding of `check` in a result."""
    (found,) = [one for one in result["findings"] if one["check"] == check]
    return dict(found)
