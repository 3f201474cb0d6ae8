"""The token microscope: one request, its text coloured by divergence, both distributions at a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext

from leaderboard import charts, charts_microscope, microscope
from leaderboard.microscope import Asked, Place
from leaderboard.pages import numbers, words
from leaderboard.pages.evidence import quoted, token_sentence
from verifier.checks.base import Token, as_logprobs
from verifier.evidence.codec import tokens_to_json
from verifier.models import Observation
from verifier.stats.divergence import top_k

SHOWN_TOKENS = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the answer; where both sides were compared it has an address, a level of 0..4, a word."""

    text: str
    query: str = ""
    level: int = 0
    said: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One token of the paired bars; `chosen`: it is what the endpoint wrote."""

    pair: charts.PairedBar
    chosen: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """Both distributions at one place, with where the place stands in its run."""

    kind: str
    sentence: str
    chosen: str
    divergence: str
    measure: str
    kl: str
    honest: str
    rank: str
    bars: tuple[Bar, ...]
    has_lists: bool
    standing: charts_microscope.Standing
    tone: str


@dataclass(frozen=True, slots=True)
class Steps:
    """Where to go from here: addresses, empty where there is nothing further."""

    earlier: str
    later: str
    more: str
    less: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything the page says of one request."""

    sequence: int
    key: str
    purpose: str
    messages: tuple[Said, ...]
    marks: tuple[Mark, ...]
    own: bool
    settings: str
    compared: Compared | None
    steps: Steps
    places: int


def view(row: Observation, asked: Asked | None, found: Sequence[Place], at: int | None, k: int) -> View:
    """The page of one request at the place asked for, else at its most divergent one."""
    answer = None if asked is None else asked.observation.answer
    own = row.key.endswith(f"/{microscope.GREEDY}")
    prompt = row.key.rpartition("/")[0]
    raw = row.key.endswith(f"/{microscope.RAW}")
    here = [place for place in found if place.sequence == row.sequence]
    if not own and not raw and here:
        pinned = [place for place in found if place.context.prompt_id == prompt]
        shown = _one_a_context(pinned, row.sequence)
    else:
        shown = here
    current = next((place for place in here if place.at == at), None)
    if current is None and here:
        current = microscope.ranked(here)[0]
    marks = tuple(
        _mark(piece, row.sequence, current, k) for piece in microscope.pieces(answer, shown, own=own or raw)
    )
    if not marks and answer is not None and answer.text:
        marks = (Mark(answer.text),)
    return View(
        sequence=row.sequence,
        key=row.key,
        purpose=row.purpose,
        messages=_messages(row.request),
        marks=marks,
        own=own or raw,
        settings=_settings(row.request),
        compared=None if current is None else _compared(current, found, k),
        steps=_steps(current, shown, found, row.sequence),
        places=len(found),
    )


def raw(row: Observation, here: Sequence[Place]) -> dict[str, Any]:
    """One request as it is stored, and the official weights' lists at its places; tokens in hexadecimal."""
    return {
        "sequence": row.sequence,
        "key": row.key,
        "request": row.request,
        "observation": row.payload,
        "places": [
            {
                "context": place.context.id,
                "at": place.at,
                "deviation": place.deviation,
                "kl": place.kl,
                "honest": list(place.honest),
                "reference": tokens_to_json(place.context.top),
            }
            for place in here
        ],
    }


def address(place: Place, sequence: int | None = None) -> str:
    """A place's address as seen from the page of request `sequence`."""
    query = f"?at={place.at}" if place.at else ""
    if place.sequence == sequence:
        return f"{query or '?at=0'}#place"
    return f"../{place.sequence}/{query}#place"


def _one_a_context(found: Sequence[Place], sequence: int) -> list[Place]:
    """The places of one prompt's text: where a context was asked twice, this request's, else the last."""
    kept: dict[str, Place] = {}
    for place in found:
        known = kept.get(place.context.id)
        if known is None or known.sequence != sequence:
            kept[place.context.id] = place
    return list(kept.values())


def _mark(piece: microscope.Piece, sequence: int, current: Place | None, k: int) -> Mark:
    place = piece.place
    if place is None:
        return Mark(piece.text)
    said = gettext("total variation %(tv)s") if k else gettext("margin %(tv)s")
    return Mark(
        text=piece.text,
        query=address(place, sequence),
        level=charts_microscope.level(place.deviation),
        said=said % {"tv": numbers.probability(place.deviation)},
        current=current is not None and place.address == current.address,
    )


def _messages(request: Any) -> tuple[Said, ...]:
    body = request.get("body") if isinstance(request, Mapping) else None
    if not isinstance(body, Mapping):
        return ()
    if isinstance(body.get("prompt"), str):
        return (Said(gettext("Raw text"), body["prompt"]),)
    found = [message for message in body.get("messages") or () if isinstance(message, Mapping)]
    if found and found[-1].get("role") == "assistant":
        found = found[:-1]
    names = {"user": gettext("Asked"), "system": gettext("System prompt"), "assistant": gettext("Answered")}
    return tuple(
        Said(names.get(str(message.get("role")), str(message.get("role"))), str(message.get("content") or ""))
        for message in found
    )


def _settings(request: Any) -> str:
    """What else was asked for, as `temperature 1, top_p 1, seed 7`."""
    body = request.get("body") if isinstance(request, Mapping) else None
    if not isinstance(body, Mapping):
        return ""
    plain = (int, float, str, bool)
    return ", ".join(
        f"{name} {value}"
        for name, value in body.items()
        if name not in ("messages", "prompt") and isinstance(value, plain)
    )


def _compared(place: Place, found: Sequence[Place], k: int) -> Compared:
    order = microscope.ranked(found)
    rank = 1 + next(i for i, one in enumerate(order) if one.address == place.address)
    reference, endpoint = _probabilities(place.context.top), _probabilities(place.top)
    chosen = place.chosen.decode("utf-8", "backslashreplace")
    bars = charts.paired_bars(reference, endpoint, SHOWN_TOKENS)
    kind = str(place.context.type)
    honest = max(place.honest, default=None)
    return Compared(
        kind=gettext(words.CONTEXT_TYPES.get(kind, kind.replace("_", " "))),
        sentence=token_sentence(reference, endpoint) if endpoint else _chose(reference, chosen),
        chosen=chosen,
        divergence=numbers.probability(place.deviation),
        measure=gettext("total variation, at least, over the %(k)s likeliest") % {"k": k}
        if k
        else gettext("margin, clipped"),
        kl="" if place.kl is None else f"{place.kl:.3f}{numbers.THIN}nats",
        honest="" if honest is None else _honest(place.honest),
        rank=gettext("%(done)s of %(planned)s")
        % {"done": numbers.whole(rank), "planned": numbers.whole(len(order))},
        bars=tuple(Bar(bar, not bar.is_rest and bar.token == chosen) for bar in bars),
        has_lists=bool(endpoint),
        standing=charts_microscope.standing(
            place.deviation, [one.deviation for one in found if one.address != place.address], place.honest
        ),
        tone="faithful" if honest is not None and place.deviation <= honest else "endpoint",
    )


def _honest(deviations: Sequence[float]) -> str:
    low, high = numbers.probability(min(deviations)), numbers.probability(max(deviations))
    if len(deviations) == 1:
        return gettext("%(high)s of one honest deployment") % {"high": high}
    return gettext("%(span)s of %(n)s honest deployments") % {
        "span": f"{low}{numbers.DASH}{high}",
        "n": len(deviations),
    }


def _chose(reference: Mapping[str, float], chosen: str) -> str:
    first = max(reference, key=lambda token: (reference[token], token))
    told = {"first": quoted(first), "official": numbers.percent(reference[first]), "chosen": quoted(chosen)}
    if chosen == first:
        return (
            gettext(
                "The official weights put %(first)s first with %(official)s, and this endpoint, which shows "
                "no probabilities, chose it."
            )
            % told
        )
    known = chosen in reference
    told["given"] = numbers.percent(reference[chosen]) if known else gettext("less than they list")
    return (
        gettext(
            "The official weights put %(first)s first with %(official)s; this endpoint, which shows no "
            "probabilities, chose %(chosen)s (%(given)s)."
        )
        % told
    )


def _probabilities(top: Sequence[Token]) -> dict[str, float]:
    listed = top_k(as_logprobs(top), len(top)).listed if top else {}
    return {token.decode("utf-8", "backslashreplace"): p for token, p in listed.items()}


def _steps(current: Place | None, shown: Sequence[Place], found: Sequence[Place], sequence: int) -> Steps:
    if current is None:
        first = microscope.ranked(found)[:1]
        return Steps("", "", "", address(first[0], sequence) if first else "")
    along = sorted(shown, key=lambda place: (len(place.context.prefix), place.address))
    earlier, later = _beside(along, current)
    more, less = _beside(microscope.ranked(found), current)
    return Steps(*(address(one, sequence) if one else "" for one in (earlier, later, more, less)))


def _beside(order: Sequence[Place], current: Place) -> tuple[Place | None, Place | None]:
    before = after = None
    for one, other in pairwise(order):
        if other.address == current.address:
            before = one
        if one.address == current.address:
            after = other
    return before, after
