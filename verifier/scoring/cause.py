"""Why an endpoint deviates: the first check that explains it, in the policy's order (METHOD.md section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verifier.checks.base import Finding
from verifier.scoring import policy


@dataclass(frozen=True, slots=True)
class Cause:
    """`name` is one of policy.CAUSES, `support` in [0, 1] how well it is supported, `evidence` a sentence."""

    name: str
    support: float | None
    evidence: str


def cause_of(verdict: str, by_check: Mapping[str, Finding]) -> Cause | None:
    """The cause that the findings name; None without a deviation or where nothing known explains it."""
    if verdict not in policy.ACCUSING:
        return None
    if verdict == "different-model":
        return _other_model(by_check)
    for name in policy.EXPLAINING:
        finding = by_check.get(name)
        explains = finding.details.get("explains") if finding is not None else None
        if explains:
            return Cause(explains["name"], explains["support"], explains["evidence"])
    return None


def _other_model(by_check: Mapping[str, Finding]) -> Cause:
    said = "Its likely tokens are not those of this model."
    counted = by_check.get("prompt_tokens")
    explains = counted.details.get("explains") if counted is not None else None
    if explains:
        said = f"{said} {explains['evidence']}"
    return Cause("other model", None, said)
