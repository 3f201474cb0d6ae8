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

RESULT = 1


def build(session: Session, findings: Sequence[Finding], endpoint: Mapping[str, str]) -> dict[str, Any]:
    """The result, with every number rounded to 6 significant digits."""
    by_check = {finding.check: finding for finding in findings}
    capabilities = by_check["capabilities"]
    distribution = by_check.get("token_distribution")
    seen: Mapping[str, Any] = distribution.details if distribution else {}
    verdict, stopped_because = _verdict(session, distribution)
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


def _verdict(session: Session, distribution: Finding | None) -> tuple[str, str]:
    """(verdict, why the run stopped)."""
    if distribution is None:
        if session.interrupted:
            return "not-measured", "interrupted"
        return "not-measured", "endpoint-down"
    return distribution.details["verdict"], distribution.details.get("stopped_because", "pool-exhausted")


def _cause(verdict: str, by_check: Mapping[str, Finding]) -> dict[str, str] | None:
    """What explains a deviation: the contract first, the weights only when the contract holds."""
    if verdict not in policy.ACCUSING:
        return None
    counted = by_check.get("prompt_tokens")
    if counted is not None and counted.outcome is Outcome.WARN:
        name = "another tokenizer or template" if verdict == "different-model" else "prompt or template"
        return {"name": name, "evidence": counted.cause}
    if verdict == "different-model":
        return {"name": "other model", "evidence": "Its likely tokens are not those of this model."}
    return None


def _measured(verdict: str, seen: Mapping[str, Any], cause: Mapping[str, str] | None) -> str | None:
    """The quantization measured: the nearest rung's, unless something else explains the deviation."""
    nearest = (seen.get("ladder") or {}).get("nearest")
    if verdict == "deviating" and cause is None and nearest:
        return str(nearest["quantization"]) if nearest["quantization"] else None
    return None


def _sentence(
    verdict: str,
    capabilities: Finding,
    distribution: Finding | None,
    cause: Mapping[str, str] | None,
    seen: Mapping[str, Any],
) -> str:
    if distribution is None:
        return f"Not measured: {capabilities.cause}"
    nearest = (seen.get("ladder") or {}).get("nearest")
    if verdict == "deviating" and cause:
        return f"Deviating: {distribution.cause} {cause['evidence']}"
    if verdict == "deviating" and nearest:
        return f"Deviating: {distribution.cause} Closest known degradation: {nearest['label']}."
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
