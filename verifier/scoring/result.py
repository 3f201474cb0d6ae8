"""One run's published result, from its findings. Pure: the same evidence gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from verifier.checks.base import Finding, Outcome, Purpose, Status
from verifier.checks.session import Session
from verifier.evidence.canonical import rounded
from verifier.scoring import policy
from verifier.scoring.declaration import compare
from verifier.scoring.speed import first_token

RESULT = 1

SILENCE = {Outcome.UNSUPPORTED: "refused", Outcome.ERROR: "our-failure"}
"""Why a run got no answer at all, where the endpoint was not simply down."""

LADDER_WORDS = {
    "at": "Closest known degradation: {label}.",
    "beyond": "Further than the coarsest known degradation, {label}.",
    "short-of": "Less than the smallest known degradation, {label}.",
}


def build(session: Session, findings: Sequence[Finding], endpoint: Mapping[str, str]) -> dict[str, Any]:
    """The result, with every number rounded to 6 significant digits."""
    by_check = {finding.check: finding for finding in findings}
    capabilities = by_check["capabilities"]
    distribution = by_check.get("token_distribution")
    seen: Mapping[str, Any] = distribution.details if distribution else {}
    verdict, stopped_because = _verdict(session, capabilities, distribution)
    cause = _cause(verdict, by_check)
    declaration = compare(session.settings.declared, _measured(verdict, seen, cause), verdict=verdict)
    result = {
        "assay_result": RESULT,
        "model": session.baseline.model,
        "endpoint": dict(endpoint),
        "verdict": verdict,
        "sentence": _sentence(verdict, capabilities, distribution, cause, seen),
        "cause": cause,
        "fidelity": seen.get("fidelity"),
        "fidelity_common": seen.get("fidelity_common"),
        "honest_band": seen.get("honest_band"),
        "declaration": {
            "declared": declaration.declared,
            "measured": declaration.measured,
            "state": declaration.state,
        },
        "ladder": seen.get("ladder"),
        "agreement": seen.get("agreement"),
        "evidence_level": seen.get("evidence_level", "none"),
        "k": seen.get("k", 0),
        "context_types": seen.get("context_types", []),
        "e_value": seen.get("e_value", 1.0),
        "e_values": seen.get("e_values", {}),
        "alpha": session.settings.alpha,
        "requests": session.requests,
        "faulty_requests": session.count(Status.FAULTY),
        "prompt_tokens": session.prompt_tokens,
        "decision_tokens": seen.get("decision_tokens", 0),
        "completion_tokens": session.completion_tokens(),
        "probe_tokens": session.completion_tokens(Purpose.CAPABILITY),
        "contexts": seen.get("contexts", 0),
        "prompts": seen.get("prompts", 0),
        "stopped_because": stopped_because,
        "excludes": seen.get("excludes") if verdict == "faithful" else None,
        "speed": {"first_token_ms": first_token(session.observations.values())},
        "findings": [_finding_json(finding) for finding in findings],
        "versions": {
            "suite": f"{session.baseline.suite} sha256:{session.baseline.suite_sha256}",
            "policy": policy.VERSION,
            "assay": version("assay"),
        },
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
    return distribution.details["verdict"], distribution.details.get("stopped_because", "pool-exhausted")


def _cause(verdict: str, by_check: Mapping[str, Finding]) -> dict[str, str] | None:
    """What explains a deviation: the contract first, the weights only when the contract holds."""
    if verdict not in policy.ACCUSING:
        return None
    counted = by_check.get("prompt_tokens")
    # A stray count explains nothing; another template shows in most of them.
    if counted is not None and counted.outcome is Outcome.WARN and (counted.estimate or 0.0) < 0.5:
        name = "another tokenizer or template" if verdict == "different-model" else "prompt or template"
        return {"name": name, "evidence": counted.cause}
    if verdict == "different-model":
        return {"name": "other model", "evidence": "Its likely tokens are not those of this model."}
    return None


def _measured(verdict: str, seen: Mapping[str, Any], cause: Mapping[str, str] | None) -> str | None:
    """The quantization measured: the nearest rung's, unless something else explains the deviation.

    Off the coarse end of the ladder the last rung is still a bound: "at least as coarse as".
    """
    ladder = seen.get("ladder") or {}
    if verdict != "deviating" or cause is not None or ladder.get("place") not in ("at", "beyond"):
        return None
    quantization = ladder["nearest"]["quantization"]
    return str(quantization) if quantization else None


def _sentence(
    verdict: str,
    capabilities: Finding,
    distribution: Finding | None,
    cause: Mapping[str, str] | None,
    seen: Mapping[str, Any],
) -> str:
    if distribution is None:
        return f"Not measured: {capabilities.cause.rstrip('.')}."
    if verdict == "deviating" and cause:
        return f"Deviating: {distribution.cause} {cause['evidence']}"
    ladder = seen.get("ladder")
    if verdict == "deviating" and ladder and ladder["place"] in LADDER_WORDS:
        where = LADDER_WORDS[ladder["place"]].format(label=ladder["nearest"]["label"])
        return f"Deviating: {distribution.cause} {where}"
    words = {
        "faithful": "Faithful",
        "deviating": "Deviating",
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
