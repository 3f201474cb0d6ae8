"""The numbers and words behind a token-distribution finding."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verifier.baseline.band import Band, Rung, tv_score
from verifier.baseline.band import band as make_band
from verifier.baseline.model import Baseline, Context
from verifier.baseline.selection import is_near_tie
from verifier.checks.base import Token, as_logprobs
from verifier.checks.evidence_mode import Mode
from verifier.checks.session import Session
from verifier.stats.decision import Decision
from verifier.stats.divergence import kl_bound, top_k
from verifier.stats.intervals import Interval, clustered_mean, wilson
from verifier.stats.logprob_error import rms_dlogp
from verifier.stats.power import Replay

COMMON_K = 5
"""The k at which the board ranks, so that endpoints with longer lists gain nothing by them."""
PROVISIONAL = " The honest band is provisional: fewer than two honest deployments stand behind it."
SHOWN_CONTEXTS = 6
SHOWN_TOKENS = 8


@dataclass(frozen=True, slots=True)
class Estimates:
    """From the estimation sample; fidelities in points of 100, `kl` and `rms_dlogp` in nats."""

    fidelity: Interval | None
    fidelity_common: Interval | None
    agreement: Interval | None
    kl: float | None
    rms_dlogp: float | None
    deviation: float | None


def estimates(
    session: Session,
    mode: Mode,
    sample: Sequence[Sequence[Context]],
    scores: Mapping[str, float],
    lists: Mapping[str, tuple[Token, ...]],
) -> Estimates:
    """What the fixed sample says. Without one (`decide_only`) there is no fidelity: a stream that stopped
    because of what it saw would give a biased one.
    """
    seen = [[context for context in contexts if context.id in scores] for contexts in sample]
    flat = [context for contexts in seen for context in contexts]
    ties = [context for context in flat if is_near_tie(context)]
    agreeing = sum(lists[context.id][0].token == context.top[0].token for context in ties)
    deviation = clustered_mean([[scores[context.id] for context in contexts] for contexts in seen])
    mean = None if deviation is None else deviation.value
    if session.settings.decide_only:
        return Estimates(None, None, None, None, None, mean)
    agreement = wilson(agreeing, len(ties))
    if not mode.k:
        return Estimates(None, None, agreement, None, None, mean)
    common = tv_score(min(COMMON_K, mode.k))
    at_common = clustered_mean([[common(c, lists[c.id]) for c in contexts] for contexts in seen])
    pairs = [(top_k(c.logprobs, mode.k), top_k(as_logprobs(lists[c.id]), mode.k)) for c in flat]
    kl = math.fsum(kl_bound(q, p) for q, p in pairs) / len(pairs) if pairs else None
    errors = [error for c in flat if (error := rms_dlogp(c.logprobs, as_logprobs(lists[c.id]))) is not None]
    rms = math.sqrt(math.fsum(error**2 for error in errors) / len(errors)) if errors else None
    return Estimates(
        _as_fidelity(deviation),
        _as_fidelity(at_common),
        agreement,
        kl,
        rms,
        mean,
    )


def sentence(mode: Mode, verdict: str, stopped_because: str, decision: Decision, numbers: Estimates) -> str:
    """What the numbers mean, in words a newcomer understands."""
    seen = _seen(numbers)
    honest = f"honest deployments stay above {100 * (1 - mode.band.delta):.2f}" if mode.k else ""
    caveat = PROVISIONAL if mode.band.provisional else ""
    if verdict == "faithful":
        return f"{seen} Excluded: {mode.band.excludes}.{caveat}"
    if verdict == "deviating":
        reach = f" ({honest})" if honest else ""
        return f"{seen} Further from the official weights than honest deployments stray{reach}.{caveat}"
    if verdict == "different-model":
        return (
            f"{seen} In most places none of its likely tokens is one of the official weights' likely tokens."
        )
    reasons = {
        "budget": "the budget was spent before the evidence sufficed; allow more tokens",
        "insensitive": f"these contexts cannot tell {mode.band.excludes} from honest within the budget; "
        "record a baseline with more prompts",
        "endpoint-down": "the endpoint stopped answering; try again later",
        "interrupted": "the run was interrupted",
        "pool-exhausted": "the suite has no more prompts; record a baseline with more",
    }
    return f"{seen} Undecided after {decision.n} prompts: {reasons.get(stopped_because, stopped_because)}."


def numbers_json(baseline: Baseline, mode: Mode, numbers: Estimates) -> dict[str, Any]:
    """The estimates, the band and the ladder, JSON-ready."""
    band = mode.band
    return {
        "fidelity": _interval_json(numbers.fidelity),
        "fidelity_common": _common_json(baseline, mode, numbers),
        "agreement": numbers.agreement
        and {
            **(_interval_json(numbers.agreement) or {}),
            "n": numbers.agreement.n,
            "kind": "top-1 on near-tie contexts",
        },
        "kl": numbers.kl,
        "rms_dlogp": numbers.rms_dlogp,
        "deviation": numbers.deviation,
        "honest_band": _band_json(band, with_fidelity=mode.k > 0),
        "excludes": band.excludes,
        "ladder": _ladder_json(band, numbers.deviation, with_fidelity=mode.k > 0),
    }


def replay_json(replay: Replay) -> dict[str, Any]:
    """The answer to "can this suite tell?", JSON-ready."""
    return {
        "able": replay.able,
        "detected": replay.detected,
        "called_faithful": replay.called_faithful,
        "prompts": replay.prompts,
        "orders": replay.orders,
    }


def most_divergent(
    session: Session,
    mode: Mode,
    scores: Mapping[str, float],
    lists: Mapping[str, tuple[Token, ...]],
) -> list[dict[str, Any]]:
    """The contexts that deviate most, with both distributions, for a reader to look at."""
    by_id = {context.id: context for context in mode.contexts} | session.gathered.contexts
    worst = sorted(scores, key=lambda context_id: (-scores[context_id], context_id))[:SHOWN_CONTEXTS]
    shown = []
    for context_id in worst:
        context = by_id[context_id]
        messages = session.prompts[context.prompt_id].messages
        shown.append(
            {
                "context": context_id,
                "prompt_id": context.prompt_id,
                "prompt": messages[-1]["content"],
                "prefix": context.prefix,
                "context_type": str(context.type),
                "tv": scores[context_id],
                "reference": _shown(context.top),
                "endpoint": _shown(lists[context_id]),
            }
        )
    return shown


def _seen(numbers: Estimates) -> str:
    if numbers.fidelity is not None:
        f = numbers.fidelity
        return (
            f"At most {f.value:.2f} of 100 next tokens would be the same as from the official weights "
            f"({f.low:.2f} to {f.high:.2f})."
        )
    if numbers.agreement is not None:
        a = numbers.agreement
        return (
            f"It made the official weights' choice at {100 * a.value:.0f} % of {a.n} near-ties "
            f"({100 * a.low:.0f} to {100 * a.high:.0f} %)."
        )
    return "Fidelity was not estimated."


def _as_fidelity(deviation: Interval | None) -> Interval | None:
    if deviation is None:
        return None
    low, high = max(0.0, 100 * (1 - deviation.high)), min(100.0, 100 * (1 - deviation.low))
    return Interval(100 * (1 - deviation.value), low, high, deviation.n)


def _interval_json(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _common_json(baseline: Baseline, mode: Mode, numbers: Estimates) -> dict[str, Any] | None:
    """Fidelity at the board's k, with the band and the ladder at that k beside it."""
    fidelity = numbers.fidelity_common
    if fidelity is None:
        return None
    k = min(COMMON_K, mode.k)
    at_k = make_band(baseline, mode.contexts, tv_score(k))
    return {
        "k": k,
        **(_interval_json(fidelity) or {}),
        "honest_band": _band_json(at_k, with_fidelity=True),
        "ladder": _ladder_json(at_k, 1 - fidelity.value / 100, with_fidelity=True),
    }


def _band_json(band: Band, *, with_fidelity: bool) -> dict[str, Any]:
    return {
        "delta": band.delta,
        "fidelity": 100 * (1 - band.delta) if with_fidelity else None,
        "margin": band.margin,
        "stacks": len(band.honest),
        "provisional": band.provisional,
        "c": band.c,
        "honest": [{"name": s.name, "label": s.label, "mean": s.mean, "n": s.n} for s in band.honest],
    }


def _ladder_json(band: Band, deviation: float | None, *, with_fidelity: bool) -> dict[str, Any] | None:
    def rung_json(rung: Rung) -> dict[str, Any]:
        return {
            "name": rung.name,
            "label": rung.label,
            "quantization": rung.quantization,
            "mean": rung.mean,
            "fidelity": 100 * (1 - rung.mean) if with_fidelity else None,
        }

    if not band.rungs:
        return None
    nearest = None if deviation is None else band.nearest(deviation)
    return {
        "place": None if deviation is None else str(band.place(deviation)),
        "nearest": None if nearest is None else rung_json(nearest),
        "rungs": [rung_json(rung) for rung in band.rungs],
    }


def _shown(top: tuple[Token, ...]) -> list[dict[str, Any]]:
    return [
        {"token": item.token.decode(errors="backslashreplace"), "p": math.exp(item.logprob)}
        for item in top[:SHOWN_TOKENS]
    ]
