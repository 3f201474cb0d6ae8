"""Who may be accused in public: the evidence of several runs and of all endpoints, weighed together. Pure.

Every endpoint that is measured is one more chance to accuse somebody wrongly. So an accusation is published
only when e-BH (verifier.stats.e_bh) rejects it among all listed endpoints, with the e-values as they stand.
An accusing run that is not rejected is published as inconclusive and has to be confirmed: a confirming run
has a seed of its own, so its e-value multiplies with that of the run that it confirms.

Which runs count together is fixed before they are made: a run that nobody's evidence asked for begins anew,
a confirming run goes on. Products over runs picked because they accuse would be no e-values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verifier.scoring import policy
from verifier.stats.e_bh import e_bh, threshold
from verifier.stats.e_values import clip


@dataclass(frozen=True, slots=True)
class Evidence:
    """A complete run that measured something. `e_value` is that of its accusation as it ended.

    `confirms`: it was asked for by the evidence of the run before it. `present`: the endpoint is still the
    deployment that it measured.
    """

    run: str
    verdict: str
    e_value: float
    baseline: str = ""
    confirms: bool = False
    present: bool = True


@dataclass(frozen=True, slots=True)
class Awaits:
    """An accusation that is not published: its e-value so far, and what it takes among so many endpoints."""

    e_value: float
    needed: float
    among: int

    def to_json(self) -> dict[str, float | int]:
        return {"e_value": self.e_value, "needed": self.needed, "among": self.among}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is published of one endpoint: the run that speaks, and what its accusation still awaits."""

    run: str
    awaits: Awaits | None = None


def standings(
    endpoints: Mapping[str, Sequence[Evidence]], fdr: float = policy.FALSE_DISCOVERY_RATE
) -> dict[str, Standing]:
    """The standing of every endpoint that was measured, given the runs of all that are listed, newest first.

    Endpoints without an accusation count with an e-value of 1. Where the newest run of a chain is undecided,
    the accusing run that it was to confirm goes on speaking if their product is enough.
    """
    keys = list(endpoints)
    chains = {key: chain(runs) for key, runs in endpoints.items()}
    accusers = {key: _accuser(runs) for key, runs in chains.items()}
    e_values = [1.0 if accusers[key] is None else product(chains[key]) for key in keys]
    rejected = set(e_bh(e_values, fdr))
    found: dict[str, Standing] = {}
    for index, key in enumerate(keys):
        if not chains[key]:
            continue
        newest, accuser = chains[key][0], accusers[key]
        if accuser is not None and index in rejected:
            found[key] = Standing(accuser.run)
        elif newest.verdict in policy.ACCUSING:
            wanting = Awaits(e_values[index], needed(e_values, index, fdr), len(keys))
            found[key] = Standing(newest.run, wanting)
        else:
            found[key] = Standing(newest.run)
    return found


def chain(runs: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The newest run and those that it confirms, newest first: their e-values multiply.

    A chain ends at another baseline, and where the endpoint became another deployment.
    """
    taken: list[Evidence] = []
    for run in runs:
        if taken and (run.baseline != taken[0].baseline or not run.present):
            break
        taken.append(run)
        if not run.confirms:
            break
    return tuple(taken)


def product(runs: Sequence[Evidence]) -> float:
    """The e-value of independent runs together, at most 1e300."""
    value = 1.0
    for run in runs:
        value = clip(value * clip(run.e_value))
    return value


def needed(e_values: Sequence[float], index: int, fdr: float) -> float:
    """The smallest e-value with which this one would be rejected, the others being as they are."""
    others = sorted((e for place, e in enumerate(e_values) if place != index), reverse=True)
    for rejected in range(len(e_values), 1, -1):
        at = threshold(len(e_values), fdr, rejected)
        if others[rejected - 2] >= at:
            return at
    return threshold(len(e_values), fdr)


def shown(result: Mapping[str, Any], awaits: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A run's result as it is published: an accusation that awaits confirmation accuses of nothing.

    The numbers stay; verdict, cause, fingerprint, place on the ladder and declaration are as for a run that
    did not decide. `awaits` is that of `Awaits.to_json`.
    """
    if awaits is None:
        return result
    declaration = result.get("declaration") or {}
    known = {"declared": declaration.get("declared"), "measured": None}
    common = result.get("fidelity_common")
    return {
        **result,
        "verdict": "inconclusive",
        "sentence": "Inconclusive: the evidence awaits confirmation by an independent run.",
        "cause": None,
        "grade": None,
        "fingerprint": None,
        "declaration": {**known, "state": "unknown" if known["declared"] else "undeclared"},
        "ladder": _without_place(result.get("ladder")),
        "fidelity_common": common and {**common, "ladder": _without_place(common.get("ladder"))},
        "awaits": dict(awaits),
    }


def _accuser(runs: Sequence[Evidence]) -> Evidence | None:
    """The newest accusing run of a chain; None where a later one answered otherwise than "undecided"."""
    for run in runs:
        if run.verdict in policy.ACCUSING:
            return run
        if run.verdict != "inconclusive":
            return None
    return None


def _without_place(ladder: Mapping[str, Any] | None) -> dict[str, Any] | None:
    nothing = dict.fromkeys(("place", "nearest", "low", "high", "support"))
    return None if ladder is None else {**ladder, **nothing}
