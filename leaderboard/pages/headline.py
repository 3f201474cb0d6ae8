"""The sentences a report opens with, made from the result and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    return f": it answers as the official weights of {model} do"


def _deviating(result: Mapping[str, Any], model: str) -> str:
    declaration = result.get("declaration") or {}
    nearest = ((result.get("ladder") or {}).get("nearest") or {}).get("label")
    declared, measured = declaration.get("declared"), declaration.get("measured")
    cause = (result.get("cause") or {}).get("name")
    if cause is not None and cause in words.CAUSES:
        return f": {words.CAUSES[cause]}"
    if declaration.get("state") == "broken" and measured:
        return f": declared {declared}, measured closest to {nearest or measured}"
    if declaration.get("state") == "kept" and declared:
        return f" from the release, and declared so: {declared}"
    if nearest:
        return f": closest to {nearest}"
    return ": not what the official weights answer"


def _different(result: Mapping[str, Any], model: str) -> str:
    return f": these are not the weights of {model}"


def _inconclusive(result: Mapping[str, Any], model: str) -> str:
    if result.get("awaits"):
        return ": the evidence awaits confirmation"
    return ": the evidence gathered does not decide"


def _insufficient(result: Mapping[str, Any], model: str) -> str:
    return ": it shows too little of its answers to be judged"


def _not_measured(result: Mapping[str, Any], model: str) -> str:
    return _SILENCE.get(result.get("stopped_because", ""), ": the run gave no usable answers")


_SILENCE = {
    "endpoint-down": ": the endpoint did not answer",
    "refused": ": the endpoint refused the requests",
    "our-failure": ": our side could not send the requests",
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
    text = (
        f"At most {numbers.estimate(value, low, high)} of 100 next tokens would be the same as from the "
        f"official weights (95{numbers.THIN}% interval {numbers.interval(low, high)}"
    )
    if result.get("contexts") and result.get("prompts"):
        contexts, prompts = numbers.whole(result["contexts"]), numbers.whole(result["prompts"])
        text += f", {contexts} contexts of {prompts} prompts"
    text += ")"
    band = result.get("honest_band") or {}
    if band.get("fidelity") is not None:
        text += f"; honest deployments stay above {numbers.fixed(band['fidelity'], 1)}"
    return text + "."


def _agreement(result: Mapping[str, Any]) -> str:
    found = result.get("agreement")
    if result.get("fidelity") or not found or found.get("value") is None:
        return ""
    span = f"{numbers.fixed(100 * found['low'], 0)}{numbers.DASH}{numbers.percent(found['high'])}"
    return (
        f"It shows no probabilities, so only its words count: on contexts where the official weights are "
        f"nearly undecided it chose the same token in {numbers.percent(found['value'])} of "
        f"{numbers.whole(found.get('n'))} ({span})."
    )


def _reason(result: Mapping[str, Any]) -> str:
    verdict = result.get("verdict")
    if verdict in ("deviating", "different-model"):
        return str((result.get("cause") or {}).get("evidence") or "")
    if verdict == "inconclusive" and result.get("awaits"):
        return awaited(result["awaits"])
    if verdict == "inconclusive":
        stopped = words.STOPPED.get(str(result.get("stopped_because")))
        return f"Undecided when it ended: {stopped}." if stopped else ""
    if verdict in ("insufficient-access", "not-measured"):
        # The sentence leads with the verdict, which stands above it already.
        return str(result.get("sentence") or "").partition(": ")[2]
    return ""


def awaited(awaits: Mapping[str, Any]) -> str:
    """What an accusation has and what it takes before it is published."""
    so_far, needed = (numbers.evidence(awaits[key]) for key in ("e_value", "needed"))
    return (
        f"The evidence of a deviation so far is e{numbers.THIN}={numbers.THIN}{so_far}; among "
        f"{_endpoints(awaits['among'])} it takes {needed} to be published. An independent run is asked "
        "first, and its evidence multiplies in."
    )


def _decision(result: Mapping[str, Any]) -> str:
    if result.get("verdict") not in ("faithful", "deviating", "different-model"):
        return ""
    tokens = result.get("decision_tokens")
    alpha = result.get("alpha")
    if tokens is None or alpha is None:
        return ""
    noun = "token" if tokens == 1 else "tokens"
    level = f"α{numbers.THIN}={numbers.THIN}{numbers.percent(alpha)}"
    return f"Decided after {numbers.whole(tokens)}{numbers.SPACE}{noun} at {level}."


def board_sentence(rows: list[Mapping[str, Any]]) -> str:
    """The board's answer in one sentence: how many serve the model as released."""
    verdicts = [(row["result"] or {}).get("verdict") for row in rows]
    faithful = verdicts.count("faithful")
    deviating = verdicts.count("deviating") + verdicts.count("different-model")
    measured = sum(1 for verdict in verdicts if verdict not in (None, "not-measured"))
    if not rows:
        return "No endpoint of this model is listed yet."
    if not measured:
        return f"{_endpoints(len(rows))} listed, not yet measured."
    rest = measured - faithful - deviating
    verb = "does" if faithful == 1 else "do"
    parts = [f"{numbers.whole(faithful)} of {_endpoints(measured)} measured {verb}"]
    if deviating:
        parts.append(f"{numbers.whole(deviating)} {'deviates' if deviating == 1 else 'deviate'}")
    if rest:
        parts.append(f"{numbers.whole(rest)} undecided")
    return "; ".join(parts) + "."


def _endpoints(count: int) -> str:
    return f"{numbers.whole(count)} endpoint{'' if count == 1 else 's'}"
