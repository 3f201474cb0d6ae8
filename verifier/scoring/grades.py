"""The grade: what verdict and fidelity give, capped by behaviour that fails (METHOD.md section 5, *Grades*).

Nothing that is unknown lowers a grade; it is listed beside it, and it takes the best grade out of reach.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from verifier.checks.base import Finding, Outcome
from verifier.checks.registry import discover
from verifier.contracts import Contract
from verifier.scoring import policy

KNOWN = frozenset({Outcome.PASS, Outcome.WARN, Outcome.FAIL})
"""Outcomes that say something of the endpoint."""
PROMISED: Mapping[str, tuple[str, ...]] = {
    "immutable_parameters": ("immutable", "refused"),
    "tool_": ("tools",),
    "thinking_kept": ("reasoning_field",),
}
"""Checks, by the beginning of their names, that ask for what a contract may not promise at all."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The best grade that a failing check leaves, and why in a few words."""

    check: str
    cap: str
    why: str


@dataclass(frozen=True, slots=True)
class Grade:
    """`letter` is None where the verdict allows none. `unknown` names checks that said nothing."""

    letter: str | None
    caps: tuple[Cap, ...]
    unknown: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As a result has it."""
        caps = [{"check": cap.check, "cap": cap.cap, "why": cap.why} for cap in self.caps]
        return {"letter": self.letter, "caps": caps, "unknown": list(self.unknown)}


def grade(
    verdict: str,
    evidence_level: str,
    ladder: Mapping[str, Any] | None,
    findings: Mapping[str, Finding],
    contract: Contract,
) -> Grade:
    """The grade of a run, from its verdict, its place on the ladder and its findings by check."""
    behaviour = {check.name: check.title for check, _ in discover() if check.behaviour}
    asked = {name: findings[name] for name in behaviour if name in findings}
    caps = tuple(
        Cap(name, _cap(name), f"{behaviour[name]} failed: at most {_cap(name)}")
        for name, finding in asked.items()
        if finding.outcome is Outcome.FAIL
    )
    unknown = tuple(
        name
        for name in behaviour
        if _promised(name, contract) and (name not in asked or asked[name].outcome not in KNOWN)
    )
    letter = by_fidelity(verdict, ladder)
    flawless = all(finding.outcome is not Outcome.WARN for finding in asked.values())
    if letter == "A" and evidence_level == "distributions" and flawless and not caps and not unknown:
        letter = "A+"
    return Grade(worst([letter, *(cap.cap for cap in caps)]) if letter else None, caps, unknown)


def by_fidelity(verdict: str, ladder: Mapping[str, Any] | None) -> str | None:
    """What the verdict and the place of its deviation on the ladder give.

    A deviation off the coarse end of the ladder is an F where the ladder ends at 4 bits or below; where it
    ends before, or there is no ladder, how coarse it is stays unknown.
    """
    if verdict in policy.GRADES_OF_VERDICTS:
        return policy.GRADES_OF_VERDICTS[verdict]
    nearest = (ladder or {}).get("nearest")
    if verdict != "deviating" or ladder is None or not nearest:
        return None
    found = policy.GRADES_OF_RUNGS.get(nearest["quantization"])
    if ladder.get("place") == "beyond":
        return "F" if found in ("D", "F") else None
    return found


def worst(letters: Collection[str | None]) -> str | None:
    """The last of these in the order of `policy.GRADES`; None without any."""
    known = [letter for letter in letters if letter is not None]
    return max(known, key=policy.GRADES.index, default=None)


def _cap(name: str) -> str:
    return policy.CAPS.get(name, policy.CAP)


def _promised(name: str, contract: Contract) -> bool:
    for beginning, promises in PROMISED.items():
        if name.startswith(beginning):
            return any(getattr(contract, promise) for promise in promises)
    return True
