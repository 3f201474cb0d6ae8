"""One verification: every check asks in turn, and the findings become the result.

A dialogue like any other: `runner.drive` answers it over the network, `evidence.replay` from a bundle.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from verifier.baseline.model import Baseline
from verifier.baseline.pools import missing_pool
from verifier.checks.base import Ask, Finding, Observation
from verifier.checks.registry import discover
from verifier.checks.session import Session, Settings
from verifier.scoring.result import build
from verifier.suites import Suite

__all__ = ["Settings", "SuiteMismatch", "require_suite", "verification"]


class SuiteMismatch(ValueError):
    """The baseline was recorded with another suite than the one at hand."""


def verification(
    baseline: Baseline, suite: Suite, settings: Settings, *, endpoint: Mapping[str, str]
) -> Generator[Ask, Sequence[Observation], dict[str, Any]]:
    """The result of a run, as published (`scoring.result`).

    `endpoint` is `{"base_url", "upstream_model"}`, copied into the result. Raises SuiteMismatch.
    """
    require_suite(baseline, suite)
    session = Session(suite, baseline, settings)
    findings: list[Finding] = []
    for check, _ in discover():
        if check.behaviour and not session.plan.has(check.name):
            continue
        findings.append((yield from check.run(session)))
        if not session.capabilities.reachable:
            break
    return build(session, findings, endpoint)


def require_suite(baseline: Baseline, suite: Suite) -> None:
    """Raise SuiteMismatch unless the baseline was recorded with this suite and its hidden pool."""
    known = {prompt.id for prompt in suite.prompts}
    if baseline.suite_sha256 != suite.sha256 or not known.issuperset(
        prompt_id for prompt_id in baseline.by_prompt if baseline.hidden_sha256 is None
    ):
        raise SuiteMismatch(
            f"the baseline was recorded with {baseline.suite} (sha256 {baseline.suite_sha256[:12]}…), "
            f"this is {suite.name} {suite.version} (sha256 {suite.sha256[:12]}…); record the baseline again"
        )
    if (why := missing_pool(baseline, suite)) is not None:
        raise SuiteMismatch(why)
