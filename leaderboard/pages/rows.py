"""A row of the board, ready to be shown: every number already as it is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from leaderboard import charts, charts_timeline
from leaderboard.pages import grading, numbers, words
from leaderboard.pages.filters import first_token, price, throughput
from leaderboard.pages.words import Term
from leaderboard.selectors.drift import Reading

TOOLS: Mapping[bool | None, str] = {True: noop("work"), False: noop("broken"), None: ""}
DRIFT = timedelta(days=30)
"""How far back the line of a row goes."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number cut at its decimal point, so that a column can stand on it."""

    whole: str
    fraction: str = ""

    @classmethod
    def of(cls, text: str) -> Figure:
        whole, point, fraction = text.partition(".")
        return cls(whole, point + fraction)

    def __str__(self) -> str:
        return self.whole + self.fraction


@dataclass(frozen=True, slots=True)
class Agreement:
    """The headline of text-only evidence."""

    value: str
    interval: str
    n: str

    @property
    def of(self) -> str:
        """What it is a share of."""
        return f"n{numbers.THIN}{self.n}"


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint on a board."""

    id: str
    label: str
    about: tuple[str, ...]
    rank: str
    opens: bool
    track: charts.Track
    described: str
    term: Term
    fidelity: Figure | None
    interval: str
    agreement: Agreement | None
    note: str
    declared: str
    measured: str
    declaration: str
    cause: str
    grade: str
    flags: tuple[str, ...]
    awaits: str
    decision_tokens: str
    completion_tokens: str
    latency: str
    latency_note: str
    speed: str
    speed_note: str
    tools: str
    spark: str
    course: str
    price: str
    price_note: str
    n: str
    certified: bool
    ended: datetime | None
    missed: datetime | None
    run: str


def board_rows(
    board: Mapping[str, Any],
    found: Sequence[Mapping[str, Any]],
    certified: Collection[str] = (),
    drift: Mapping[str, Sequence[Reading]] | None = None,
    now: datetime | None = None,
) -> list[Row]:
    """These rows of a published board as they are shown. Rows that follow a gap between rank bands say so.

    `certified` are the ids of endpoints whose certificate holds, `drift` the fidelities of their runs in the
    time before `now`.
    """
    shown: list[Row] = []
    several = len({row["endpoint"]["provider"]["slug"] for row in board["rows"]}) > 1
    for row in found:
        made = board_row(row, board, several_providers=several, certified=certified)
        readings = (drift or {}).get(made.id, ())
        if now is not None:
            line = charts_timeline.spark(
                [(reading.ended, reading.value) for reading in readings], now - DRIFT, now
            )
            made = replace(made, spark=line, course=_course(readings) if line else "")
        shown.append(replace(made, opens=not shown or made.rank != shown[-1].rank))
    return shown


def board_row(
    row: Mapping[str, Any],
    board: Mapping[str, Any],
    *,
    several_providers: bool = True,
    certified: Collection[str] = (),
) -> Row:
    """One row of a published board as it is shown.

    The picture has the honest band and the rungs of the row's own run, which were taken at its own top-k;
    a row without a fidelity has the board's, so that the column reads as one picture.
    """
    endpoint, result = row["endpoint"], row["result"] or {}
    fidelity, provider = result.get("fidelity"), endpoint["provider"]
    declaration = result.get("declaration") or {}
    rank = row["rank"]
    value, low, high = _triple(fidelity)
    source = (result.get("honest_band"), row["rungs"]) if fidelity else (board["honest_band"], board["rungs"])
    named = provider["name"] if several_providers or not endpoint["what"] else ""
    written = result.get("completion_tokens")
    return Row(
        id=endpoint["id"],
        label=endpoint["label"],
        about=tuple(part for part in (named, endpoint["what"]) if part),
        rank=numbers.NONE if rank is None else f"{'=' if rank['tied'] else ''}{rank['place']}",
        opens=True,
        track=charts.track(value, low, high, (source[0] or {}).get("fidelity"), rungs(source[1])),
        described=_described(fidelity, result.get("honest_band")),
        term=words.AWAITING if result.get("awaits") else words.verdict(result.get("verdict")),
        fidelity=None if fidelity is None else Figure.of(numbers.estimate(value, low, high)),
        interval=numbers.interval(low, high),
        agreement=None if fidelity else _agreement(result),
        note=_note(result, board["terms"]),
        declared=declaration.get("declared") or endpoint["declared"],
        measured=declaration.get("measured") or "",
        declaration=declaration.get("state") or "unknown",
        cause=str((result.get("cause") or {}).get("name") or ""),
        grade=grading.letter(result),
        flags=grading.flags(row),
        awaits=_awaits(result),
        decision_tokens=_decided(result),
        completion_tokens=numbers.whole(written) if written else "",
        latency="" if first_token(row) is None else numbers.quantity(first_token(row), "ms"),
        latency_note=_timed(result, "first_token_ms", "ms"),
        speed="" if throughput(row) is None else numbers.quantity(throughput(row), "tok/s"),
        speed_note=_timed(result, "tokens_per_second", "tok/s"),
        tools=gettext(TOOLS[row.get("tools")]),
        spark="",
        course="",
        price="" if price(row) is None else _dollars(endpoint["price_out"]),
        price_note=""
        if endpoint.get("price_in") is None
        else gettext("%(price)s read") % {"price": _dollars(endpoint["price_in"])},
        n=_n(result),
        certified=endpoint["id"] in certified,
        ended=moment((row["run"] or {}).get("ended")),
        missed=moment(row["missed"]),
        run=(row["run"] or {}).get("id") or "",
    )


def row_of(board: Mapping[str, Any] | None, endpoint_id: str) -> Mapping[str, Any] | None:
    """The row of this endpoint on a published board."""
    found: Mapping[str, Any]
    for found in (board or {}).get("rows", ()):
        if found["endpoint"]["id"] == endpoint_id:
            return found
    return None


def awaits(row: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What the accusation of this row still awaits; None where there is none."""
    found: Mapping[str, Any] | None = ((row or {}).get("result") or {}).get("awaits")
    return found


def other_fidelities(board: Mapping[str, Any] | None, endpoint_id: str) -> tuple[float, ...]:
    """The fidelities of the ranked rows beside this endpoint's, for the picture of the field."""
    return tuple(
        float(row["result"]["fidelity"]["value"])
        for row in (board or {}).get("rows", ())
        if row["rank"] is not None and row["endpoint"]["id"] != endpoint_id
    )


def rungs(found: Sequence[Mapping[str, Any]]) -> tuple[charts.Rung, ...]:
    """The ladder's rungs by their quantization, which is short enough for the head of a column."""
    return tuple(
        charts.Rung(short(rung), float(rung["fidelity"]))
        for rung in found
        if rung.get("fidelity") is not None
    )


@dataclass(frozen=True, slots=True)
class LadderRung:
    """A line of the ladder's table: a known degradation and the fidelity it has here."""

    label: str
    quantization: str
    fidelity: str


def ladder_rungs(found: Sequence[Mapping[str, Any]]) -> list[LadderRung]:
    """The ladder as a table, from the finest rung to the coarsest."""
    known = [rung for rung in found if rung.get("fidelity") is not None]
    ordered = sorted(known, key=lambda rung: -float(rung["fidelity"]))
    return [
        LadderRung(
            str(rung.get("label") or short(rung)),
            str(rung.get("quantization") or ""),
            numbers.fixed(rung["fidelity"], 1),
        )
        for rung in ordered
    ]


def short(rung: Mapping[str, Any]) -> str:
    """A rung's name in a few letters: INT8, FP8."""
    return str(rung.get("quantization") or rung.get("label") or rung.get("name") or "").upper()


def moment(text: str | None) -> datetime | None:
    """A date as it is written in JSON."""
    return None if not text else datetime.fromisoformat(text)


def agreement(result: Mapping[str, Any]) -> str:
    """`93 % agree (90–95, n 120)`, the headline of text-only evidence."""
    found = result.get("agreement")
    if not found or found.get("value") is None:
        return ""
    span = f"{numbers.fixed(100 * found['low'], 0)}{numbers.DASH}{numbers.fixed(100 * found['high'], 0)}"
    return gettext("%(share)s agree (%(interval)s, %(n)s)") % {
        "share": numbers.percent(found["value"]),
        "interval": span,
        "n": f"n{numbers.THIN}{numbers.whole(found.get('n'))}",
    }


def _triple(fidelity: Mapping[str, float] | None) -> tuple[float | None, float | None, float | None]:
    if fidelity is None:
        return None, None, None
    return fidelity["value"], fidelity["low"], fidelity["high"]


def _agreement(result: Mapping[str, Any]) -> Agreement | None:
    found = result.get("agreement")
    if not found or found.get("value") is None:
        return None
    span = f"{numbers.fixed(100 * found['low'], 0)}{numbers.DASH}{numbers.fixed(100 * found['high'], 0)}"
    return Agreement(numbers.percent(found["value"]), span, numbers.whole(found.get("n")))


def _dollars(value: float) -> str:
    return f"${value:.2f}" if value >= 0.1 else f"${value:.3g}"


def _n(result: Mapping[str, Any]) -> str:
    """What a fidelity was averaged over: `412 contexts of 130 prompts`."""
    contexts, prompts = result.get("contexts"), result.get("prompts")
    if not contexts or not prompts:
        return ""
    return gettext("%(contexts)s contexts of %(prompts)s prompts") % {
        "contexts": numbers.whole(contexts),
        "prompts": numbers.whole(prompts),
    }


def _timed(result: Mapping[str, Any], key: str, unit: str) -> str:
    """What a thing that was timed is the median of."""
    found = (result.get("speed") or {}).get(key)
    if not found:
        return ""
    return gettext("median of %(n)s, p95 %(p95)s") % {
        "n": numbers.whole(found.get("n")),
        "p95": numbers.quantity(found.get("p95"), unit),
    }


def _course(readings: Sequence[Reading]) -> str:
    """The line of a row in words: `steady over 5 runs`, `moved in 5 runs`."""
    spans = [(reading.low, reading.high) for reading in readings]
    moved = any(charts_timeline.apart(one, other) for one, other in pairwise(spans))
    said = gettext("moved in %(n)s runs") if moved else gettext("steady over %(n)s runs")
    return said % {"n": len(spans)}


def _decided(result: Mapping[str, Any]) -> str:
    decided = result.get("verdict") in ("faithful", "deviating", "different-model")
    return numbers.whole(result.get("decision_tokens")) if decided else ""


def _awaits(result: Mapping[str, Any]) -> str:
    found = result.get("awaits")
    if not found:
        return ""
    return gettext("e-value %(so_far)s of %(needed)s") % {
        "so_far": numbers.evidence(found["e_value"]),
        "needed": numbers.evidence(found["needed"]),
    }


def _note(result: Mapping[str, Any], terms: Mapping[str, Any] | None) -> str:
    if not result.get("fidelity") or terms is None:
        return ""
    if result.get("k") != terms.get("k"):
        return gettext("at top-%(k)s, not ranked") % {"k": result.get("k")}
    if set(result.get("context_types") or ()) != set(terms.get("context_types") or ()):
        return gettext("other contexts, not ranked")
    return ""


def _described(fidelity: Mapping[str, float] | None, band: Mapping[str, Any] | None) -> str:
    if fidelity is None:
        return ""
    value, low, high = _triple(fidelity)
    told = {"value": numbers.estimate(value, low, high), "interval": numbers.interval(low, high)}
    if band and band.get("fidelity") is not None:
        told["band"] = numbers.fixed(band["fidelity"], 1)
        return (
            gettext(
                "Fidelity %(value)s, 95 %% interval %(interval)s; honest deployments stay above %(band)s."
            )
            % told
        )
    return gettext("Fidelity %(value)s, 95 %% interval %(interval)s.") % told
