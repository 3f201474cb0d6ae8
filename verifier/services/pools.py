"""The suites as this server has them: with the operator's hidden pool, where one is configured."""

from __future__ import annotations

from django.conf import settings

from verifier.models import Baseline
from verifier.services.working import Unusable
from verifier.suites import Suite, load


def suite_named(name: str) -> Suite:
    """The suite with the hidden pool of ASSAY_HIDDEN_POOL, if there is one. Raises SuiteError."""
    return load(name, hidden=settings.HIDDEN_POOL)


def suite_of(baseline: Baseline) -> Suite:
    """The very prompts that `baseline` was queued with. Raises Unusable and SuiteError.

    A baseline without a hidden pool is used with or without one: the pool's prompts are then not asked.
    """
    suite = suite_named(baseline.suite_name)
    if suite.sha256 != baseline.suite_sha256:
        raise Unusable(
            f"Suite {suite.name} {suite.version} of this worker isn't the one the baseline was recorded with "
            f"({baseline.suite_version}). Record a new baseline, or let all workers run the same version."
        )
    wanted, given = baseline.hidden_sha256, suite.hidden_sha256
    if not wanted:
        return load(baseline.suite_name)
    if wanted != given:
        has = f"the one of sha256 {given[:12]}…" if given else "none"
        raise Unusable(
            f"The baseline is of a hidden pool (sha256 {wanted[:12]}…), and this worker has {has}. Set "
            "ASSAY_HIDDEN_POOL to the file of that pool on every worker, or record a new baseline."
        )
    return suite
