"""The sentences a report opens with, made from the result and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_noop as noop

from leaderboard.pages import numbers, words
from leaderboard.pages.words import Term


@dataclass(frozen=True, slots=True)
class Headline:
    """`term` leads, coloured; `rest` completes the sentence."""

    term: Term
    rest: str

    def __str__(self) -> str:
        return f"{self.term.title}{self.rest}"


def headline(result: Mapping[str, Any] | None, model: str) -> Headline:
    """The verdict in one sentence. `model` is the model's own name."""
    if result is None:
        return Headline(words.NOT_YET, "")
    term = words.verdict(result.get("verdict"))
    return Headline(term, _REST[result["verdict"]](result, model) if result.get("verdict") in _REST else "")


def _faithful(result: Mapping[str, Any], model: str) -> str:
    return gettext(": it answers as the official weights of %(model)s do") % {"model": model}


def _deviating(result: Mapping[str, Any], model: str) -> str:
    declaration = result.get("declaration") or {}
    nearest = ((result.get("ladder") or {}).get("nearest") or {}).get("label")
    declared, measured = declaration.get("declared"), declaration.get("measured")
    cause = (result.get("cause") or {}).get("name")
    if cause is not None and cause in words.CAUSES:
        return gettext(": %(cause)s") % {"cause": gettext(words.CAUSES[cause])}
    if declaration.get("state") == "broken" and measured:
        return gettext(": declared %(declared)s, measured closest to %(nearest)s") % {
            "declared": declared,
            "nearest": nearest or measured,
        }
    if declaration.get("state") == "kept" and declared:
        return gettext(" from the release, and declared so: %(declared)s") % {"declared": declared}
    if nearest:
        return gettext(": closest to %(nearest)s") % {"nearest": nearest}
    return gettext(": not what the official weights answer")


def _different(result: Mapping[str, Any], model: str) -> str:
    return gettext(": these are not the weights of %(model)s") % {"model": model}


def _inconclusive(result: Mapping[str, Any], model: str) -> str:
    if result.get("awaits"):
        return gettext(": the evidence awaits confirmation")
    return gettext(": the evidence gathered does not decide")


def _insufficient(result: Mapping[str, Any], model: str) -> str:
    return gettext(": it shows too little of its answers to be judged")


def _not_measured(result: Mapping[str, Any], model: str) -> str:
    return gettext(_SILENCE.get(result.get("stopped_because", ""), NO_ANSWERS))


NO_ANSWERS = noop(": the run gave no usable answers")
_SILENCE = {
    "endpoint-down": noop(": the endpoint did not answer"),
    "refused": noop(": the endpoint refused the requests"),
    "our-failure": noop(": our side could not send the requests"),
}

_REST = {
    "faithful": _faithful,
    "deviating": _deviating,
    "different-model": _different,
    "inconclusive": _inconclusive,
    "insufficient-access": _insufficient,
    "not-measured": _not_measured,
}


def numbers_sentence(result: Mapping[str, Any]) -> str:
    """What stands behind the headline: the numbers in words, and the reason where there is one."""
    parts = [_fidelity(result), _agreement(result), _reason(result), _decision(result)]
    return " ".join(part for part in parts if part)


def _fidelity(result: Mapping[str, Any]) -> str:
    found = result.get("fidelity")
    if not found:
        return ""
    value, low, high = found["value"], found["low"], found["high"]
    told = {"value": numbers.estimate(value, low, high), "basis": _basis(result, numbers.interval(low, high))}
    band = result.get("honest_band") or {}
    if band.get("fidelity") is None:
        return (
            gettext(
                "At most %(value)s of 100 next tokens would be the same as from the official weights "
                "(%(basis)s)."
            )
            % told
        )
    told["band"] = numbers.fixed(band["fidelity"], 1)
    return (
        gettext(
            "At most %(value)s of 100 next tokens would be the same as from the official weights "
            "(%(basis)s); honest deployments stay above %(band)s."
        )
        % told
    )


def _basis(result: Mapping[str, Any], interval: str) -> str:
    """The interval, and what it was averaged over where that is known."""
    told = {"percent": f"95{numbers.THIN}%", "interval": interval}
    if not result.get("contexts") or not result.get("prompts"):
        return gettext("%(percent)s interval %(interval)s") % told
    told |= {key: numbers.whole(result[key]) for key in ("contexts", "prompts")}
    return gettext("%(percent)s interval %(interval)s, %(contexts)s contexts of %(prompts)s prompts") % told


def _agreement(result: Mapping[str, Any]) -> str:
    found = result.get("agreement")
    if result.get("fidelity") or not found or found.get("value") is None:
        return ""
    return gettext(
        "It shows no probabilities, so only its words count: on contexts where the official weights are "
        "nearly undecided it chose the same token in %(share)s of %(n)s (%(interval)s)."
    ) % {
        "share": numbers.percent(found["value"]),
        "n": numbers.whole(found.get("n")),
        "interval": f"{numbers.fixed(100 * found['low'], 0)}{numbers.DASH}{numbers.percent(found['high'])}",
    }


def _reason(result: Mapping[str, Any]) -> str:
    verdict = result.get("verdict")
    if verdict in ("deviating", "different-model"):
        return str((result.get("cause") or {}).get("evidence") or "")
    if verdict == "inconclusive" and result.get("awaits"):
        return awaited(result["awaits"])
    if verdict == "inconclusive":
        stopped = words.STOPPED.get(str(result.get("stopped_because")))
        if not stopped:
            return ""
        return gettext("Undecided when it ended: %(why)s.") % {"why": gettext(stopped)}
    if verdict in ("insufficient-access", "not-measured"):
        # The sentence leads with the verdict, which stands above it already.
        return str(result.get("sentence") or "").partition(": ")[2]
    return ""


def awaited(awaits: Mapping[str, Any]) -> str:
    """What an accusation has and what it takes before it is published."""
    so_far, needed = (numbers.evidence(awaits[key]) for key in ("e_value", "needed"))
    return gettext(
        "The evidence of a deviation so far is %(so_far)s; among %(endpoints)s it takes %(needed)s to be "
        "published. An independent run is asked first, and its evidence multiplies in."
    ) % {
        "so_far": f"e{numbers.THIN}={numbers.THIN}{so_far}",
        "endpoints": _endpoints(awaits["among"]),
        "needed": needed,
    }


def _decision(result: Mapping[str, Any]) -> str:
    if result.get("verdict") not in ("faithful", "deviating", "different-model"):
        return ""
    tokens = result.get("decision_tokens")
    alpha = result.get("alpha")
    if tokens is None or alpha is None:
        return ""
    level = f"α{numbers.THIN}={numbers.THIN}{numbers.percent(alpha)}"
    return ngettext(
        "Decided after %(n)stoken at %(level)s.", "Decided after %(n)stokens at %(level)s.", tokens
    ) % {"n": f"{numbers.whole(tokens)}{numbers.SPACE}", "level": level}


def board_sentence(rows: list[Mapping[str, Any]]) -> str:
    """The board's answer in one sentence: how many serve the model as released."""
    verdicts = [(row["result"] or {}).get("verdict") for row in rows]
    faithful = verdicts.count("faithful")
    deviating = verdicts.count("deviating") + verdicts.count("different-model")
    measured = sum(1 for verdict in verdicts if verdict not in (None, "not-measured"))
    if not rows:
        return gettext("No endpoint of this model is listed yet.")
    if not measured:
        return gettext("%(endpoints)s listed, not yet measured.") % {"endpoints": _endpoints(len(rows))}
    rest = measured - faithful - deviating
    parts = [
        ngettext(
            "%(faithful)s of %(endpoints)s measured does",
            "%(faithful)s of %(endpoints)s measured do",
            faithful,
        )
        % {"faithful": numbers.whole(faithful), "endpoints": _endpoints(measured)}
    ]
    if deviating:
        told = {"n": numbers.whole(deviating)}
        parts.append(ngettext("%(n)s deviates", "%(n)s deviate", deviating) % told)
    if rest:
        parts.append(gettext("%(n)s undecided") % {"n": numbers.whole(rest)})
    return gettext("%(clauses)s.") % {"clauses": pgettext("between clauses", "; ").join(parts)}


def _endpoints(count: int) -> str:
    return ngettext("%(n)s endpoint", "%(n)s endpoints", count) % {"n": numbers.whole(count)}
