"""One run's published result, from its findings. Pure: the same evidence gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from verifier.checks.base import Finding, Outcome, Purpose, Status
from verifier.checks.session import Session
from verifier.evidence.canonical import rounded
from verifier.scoring import policy
from verifier.scoring.cause import Cause, cause_of
from verifier.scoring.declaration import compare
from verifier.scoring.grades import grade
from verifier.scoring.speed import speed

RESULT = 1

SILENCE = {Outcome.UNSUPPORTED: "refused", Outcome.ERROR: "our-failure"}
"""Why a run got no answer at all, where the endpoint was not simply down."""

LEADING = {
    "choice": "greedy_choice",
    "sampling": "sampling",
    "window": "context_window",
    "written": "written_tokens",
}
"""The check that tells of an accusation which rests on more than the lists."""


def build(session: Session, findings: Sequence[Finding], endpoint: Mapping[str, str]) -> dict[str, Any]:
    """The result, with every number rounded to 6 significant digits."""
    by_check = {finding.check: finding for finding in findings}
    capabilities = by_check["capabilities"]
    distribution = by_check.get("token_distribution")
    seen: Mapping[str, Any] = distribution.details if distribution else {}
    verdict, stopped_because = _verdict(session, capabilities, distribution)
    cause = cause_of(verdict, by_check)
    matched: Mapping[str, Any] = by_check["nearest_variant"].details if "nearest_variant" in by_check else {}
    ladder = _ladder(seen.get("ladder"), matched.get("ladder"))
    measured = _measured(session, verdict, cause, ladder, matched.get("variant"))
    declaration = compare(session.settings.declared, measured, verdict=verdict)
    decision = session.decision
    result = {
        "assay_result": RESULT,
        "model": session.baseline.model,
        "endpoint": dict(endpoint),
        "verdict": verdict,
        "sentence": _sentence(session, verdict, by_check, cause),
        "cause": cause and {"name": cause.name, "support": cause.support, "evidence": cause.evidence},
        "grade": grade(
            verdict, seen.get("evidence_level", "none"), ladder, by_check, session.contract
        ).to_json(),
        "fidelity": seen.get("fidelity"),
        "fidelity_common": seen.get("fidelity_common"),
        "honest_band": seen.get("honest_band"),
        "declaration": {
            "declared": declaration.declared,
            "measured": declaration.measured,
            "state": declaration.state,
        },
        "ladder": ladder,
        "fingerprint": _fingerprint(matched.get("variant")),
        "agreement": seen.get("agreement"),
        "evidence_level": seen.get("evidence_level", "none"),
        "k": seen.get("k", 0),
        "context_types": seen.get("context_types", []),
        "e_value": 1.0 if decision is None else decision.e_value,
        "e_values": {} if decision is None else decision.e_values(),
        "alpha": session.settings.alpha,
        "accuse_at": session.settings.accuse_at,
        "requests": session.requests,
        "reference_requests": session.reference_requests,
        "faulty_requests": session.count(Status.FAULTY),
        "prompt_tokens": session.prompt_tokens,
        "decision_tokens": session.gathered.decision_tokens,
        "decision_scores": session.gathered.deciding,
        "completion_tokens": session.completion_tokens(),
        "probe_tokens": session.completion_tokens(Purpose.CAPABILITY),
        "contexts": seen.get("contexts", 0),
        "prompts": seen.get("prompts", 0),
        "stopped_because": stopped_because,
        "excludes": seen.get("excludes") if verdict == "faithful" else None,
        "speed": speed(session.answers_of_endpoint()),
        "findings": [_finding_json(finding) for finding in findings],
        "versions": {
            "suite": f"{session.baseline.suite} sha256:{session.baseline.suite_sha256}",
            "hidden_pool": session.baseline.hidden_sha256 and f"sha256:{session.baseline.hidden_sha256}",
            "contract": f"{session.contract.family} {session.contract.version}",
            "policy": policy.VERSION,
            "grading": policy.GRADING,
            "assay": version("assay"),
        },
        "plan": session.settings.plan,
        "seed": session.settings.seed,
        "baseline": session.baseline.id,
    }
    return dict(rounded(result))


def _verdict(session: Session, capabilities: Finding, distribution: Finding | None) -> tuple[str, str]:
    """(verdict, why the run stopped)."""
    if distribution is None:
        if session.interrupted:
            return "not-measured", "interrupted"
        return "not-measured", SILENCE.get(capabilities.outcome, "endpoint-down")
    found, stopped = distribution.details["verdict"], distribution.details.get("stopped_because")
    if session.decision is not None and session.decision.accused and found != "insufficient-access":
        return str(session.decision.verdict), "decided"
    return found, stopped or "pool-exhausted"


def _ladder(ladder: Mapping[str, Any] | None, placed: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The ladder with the rungs that the deviation may lie at, as far as a bootstrap over prompts tells."""
    if not ladder:
        return None
    return {**ladder, **{key: (placed or {}).get(key) for key in ("low", "high", "support")}}


def _fingerprint(variant: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if variant is None else {"variant": variant["label"], "support": variant["support"]}


def _measured(
    session: Session,
    verdict: str,
    cause: Cause | None,
    ladder: Mapping[str, Any] | None,
    variant: Mapping[str, Any] | None,
) -> str | None:
    """The quantization measured: the known variant's, else the nearest rung's, unless something else
    explains the deviation.

    Off the coarse end of the ladder the last rung is still a bound: "at least as coarse as".
    """
    if verdict != "deviating" or (cause is not None and cause.name != "weight quantization"):
        return None
    if variant is not None:
        return next(s.quantization for s in session.baseline.stacks if s.name == variant["name"])
    if not ladder or ladder.get("place") not in ("at", "beyond"):
        return None
    quantization = ladder["nearest"]["quantization"]
    return str(quantization) if quantization else None


def _sentence(
    session: Session,
    verdict: str,
    by_check: Mapping[str, Finding],
    cause: Cause | None,
) -> str:
    distribution = by_check.get("token_distribution")
    if distribution is None:
        return f"Not measured: {by_check['capabilities'].cause.rstrip('.')}."
    if verdict == "deviating" and session.decision is not None:
        leading = by_check.get(LEADING.get(session.decision.leading(), ""))
        said = distribution.cause if leading is None else leading.cause
        if cause and cause.evidence != said:
            return f"Deviating: {said} {cause.evidence}"
        return f"Deviating: {said}"
    words = {
        "faithful": "Faithful",
        "different-model": "Another model",
        "inconclusive": "Inconclusive",
        "insufficient-access": "Insufficient access",
    }
    return f"{words.get(verdict, 'Not measured')}: {distribution.cause}"


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "version": finding.version,
        "outcome": str(finding.outcome),
        "cause": finding.cause,
        "estimate": finding.estimate,
        "low": finding.low,
        "high": finding.high,
        "n": finding.n,
        "unit": finding.unit,
        "details": dict(finding.details),
    }
