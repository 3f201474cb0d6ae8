"""The measured error budget as the methodology page shows it: sentences, lines of tables, one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TypeVar

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_noop as noop

from leaderboard import charts_methodology as charts
from leaderboard.pages import numbers, words
from verifier.scoring.error_budget import (
    EVIDENCE,
    UNNAMED,
    Detection,
    ErrorBudget,
    Honest,
    Monitoring,
    Peer,
    Rate,
    Tokens,
    Total,
)

EVIDENCE_WORDS = {"logprobs": noop("with log-probabilities"), "text": noop("by text alone")}
HONEST = noop("honest deployments: runs accused")
POWER = 0.9
"""The share of runs in which a degradation must be found to count as detectable."""

_Judged = TypeVar("_Judged", Detection, Honest)
_Line = TypeVar("_Line")


@dataclass(frozen=True, slots=True)
class Accusations:
    """The false accusations at one level of evidence, each with its 95 % upper bound, as texts."""

    evidence: str
    accused: int
    runs: str
    runs_bound: str
    stacks: str
    stacks_bound: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the picture: one degradation with a lane for each level of evidence it was judged by."""

    label: str
    cause: str
    lanes: tuple[tuple[str, charts.Lane], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Tokens to detection per degradation, the soonest first, and below them the honest deployments."""

    ticks: tuple[charts.Tick, ...]
    rows: tuple[Row, ...]
    honest: tuple[tuple[str, str], ...]
    reach_share: str


@dataclass(frozen=True, slots=True)
class DetectionLine:
    """A degradation in numbers. `rows` is how many lines its name stands for, 0 where it stands above."""

    label: str
    what: str
    evidence: str
    rows: int
    found: str
    interval: str
    median: str
    p90: str
    most: str
    reach: str
    within: str
    held: bool | None
    named: str


@dataclass(frozen=True, slots=True)
class HonestLine:
    """An honest deployment in numbers."""

    label: str
    what: str
    evidence: str
    rows: int
    accused: int
    runs: str
    faithful: str
    within: str
    median: str
    p90: str
    most: str


@dataclass(frozen=True, slots=True)
class Confusion:
    """How causes were named: a row for each truth. A cell is its count and whether it is the right name."""

    evidence: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, bool], ...], str], ...]


@dataclass(frozen=True, slots=True)
class Method:
    """A column of the comparison."""

    name: str
    full_name: str
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Tokens needed to find a degradation in 90 % of runs: a row a degradation, a cell a method."""

    methods: tuple[Method, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    rates: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A degradation that is not reliably found, and why it stands in this list."""

    label: str
    what: str
    evidence: str
    found: str
    interval: str
    why: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything on the page that was measured."""

    accusations: tuple[Accusations, ...]
    picture: Picture | None
    detection: tuple[DetectionLine, ...]
    honest: tuple[HonestLine, ...]
    confusions: tuple[Confusion, ...]
    comparison: Comparison | None
    limits: tuple[Limit, ...]
    monitoring: str


def figures(budget: ErrorBudget) -> Figures:
    """The figures of a budget."""
    return Figures(
        accusations=tuple(
            _accusations(name, budget.totals[name]) for name in EVIDENCE if name in budget.totals
        ),
        picture=_picture(budget) if budget.detection else None,
        detection=_lines(budget.detection, _detection_line),
        honest=_lines(budget.honest, _honest_line),
        confusions=tuple(
            _confusion(name, budget.causes[name]) for name in EVIDENCE if budget.causes.get(name)
        ),
        comparison=_comparison(budget) if budget.peers else None,
        limits=tuple(_limit(row) for row in budget.detection if row.rate < POWER),
        monitoring=_monitoring(budget.monitoring) if budget.monitoring else "",
    )


def bound(share: float) -> str:
    """An upper bound in percent, two significant digits, never rounded down: 0.00329 is `0.33 %`."""
    percent = Decimal(repr(share)) * 100
    if percent <= 0:
        return f"0{numbers.THIN}%"
    digits = Decimal(1).scaleb(percent.adjusted() - 1)
    rounded = percent.quantize(digits, ROUND_CEILING)
    return f"{min(rounded, Decimal(100)):f}{numbers.THIN}%"


def tokens(value: float | None) -> str:
    """A number of tokens; a median may lie half-way between two."""
    if value is None:
        return numbers.NONE
    return numbers.fixed(value, 0 if float(value).is_integer() else 1)


def of(part: int, whole: int) -> str:
    """`17 of 20`."""
    said = gettext("%(part)s of %(whole)s")
    return said % {"part": numbers.whole(part), "whole": numbers.whole(whole)}


def _accusations(evidence: str, total: Total) -> Accusations:
    return Accusations(
        evidence=gettext(EVIDENCE_WORDS[evidence]),
        accused=total.accused,
        runs=_accused(total),
        runs_bound=bound(total.runs_upper),
        stacks=of(total.stacks_accused, total.stacks),
        stacks_bound=bound(total.stacks_upper),
    )


def _accused(total: Total) -> str:
    return of(total.accused, total.runs)


def _picture(budget: ErrorBudget) -> Picture:
    seen = [row.tokens.p90 for row in budget.detection if row.tokens]
    seen += [row.reach.tokens for row in budget.detection if row.reach]
    over = charts.scale(seen)
    by_name: dict[str, list[Detection]] = {}
    for row in budget.detection:
        by_name.setdefault(row.deployment, []).append(row)
    rows = [sorted(found, key=lambda row: EVIDENCE.index(row.evidence)) for found in by_name.values()]
    rows.sort(key=lambda found: min(row.tokens.median if row.tokens else float("inf") for row in found))
    shares = {row.reach.share for row in budget.detection if row.reach}
    return Picture(
        ticks=charts.ticks(over),
        rows=tuple(
            Row(found[0].label, found[0].cause, tuple((row.evidence, _lane(over, row)) for row in found))
            for found in rows
        ),
        honest=tuple(
            (name, gettext("%(runs)s runs accused") % {"runs": _accused(budget.totals[name])})
            for name in EVIDENCE
            if name in budget.totals
        ),
        reach_share=numbers.percent(shares.pop()) if len(shares) == 1 else "",
    )


def _lane(over: charts.Scale, row: Detection) -> charts.Lane:
    reach = None if row.reach is None else float(row.reach.tokens)
    if row.tokens is None:
        missed = gettext("not found in %(n)s runs") % {"n": numbers.whole(row.runs)}
        return charts.lane(over, None, None, reach, missed)
    note = f"{tokens(row.tokens.median)} / {tokens(row.tokens.p90)}"
    if row.detected < row.runs:
        note += gettext(" · in %(share)s") % {"share": of(row.detected, row.runs)}
    return charts.lane(over, row.tokens.median, row.tokens.p90, reach, note)


def _lines(rows: Sequence[_Judged], line: Callable[[_Judged, int], _Line]) -> tuple[_Line, ...]:
    """The lines of a table, those of one deployment together."""
    by_name: dict[str, list[_Judged]] = {}
    for row in rows:
        by_name.setdefault(row.deployment, []).append(row)
    return tuple(
        line(row, 0 if index else len(found))
        for found in by_name.values()
        for index, row in enumerate(sorted(found, key=lambda row: EVIDENCE.index(row.evidence)))
    )


def _detection_line(row: Detection, rows: int) -> DetectionLine:
    return DetectionLine(
        row.label,
        row.what,
        gettext(EVIDENCE_WORDS[row.evidence]),
        rows,
        of(row.detected, row.runs),
        _interval(row.low, row.high),
        *_three(row.tokens),
        reach="" if row.reach is None else numbers.whole(row.reach.tokens),
        within="" if row.within is None else of(row.within, row.runs),
        held=row.held,
        named=_causes(row.named, row.detected) if row.detected else "",
    )


def _honest_line(row: Honest, rows: int) -> HonestLine:
    return HonestLine(
        row.label,
        row.what,
        gettext(EVIDENCE_WORDS[row.evidence]),
        rows,
        row.accused,
        numbers.whole(row.runs),
        numbers.whole(row.faithful),
        numbers.whole(row.within),
        *_three(row.tokens),
    )


def _confusion(evidence: str, table: Mapping[str, Mapping[str, int]]) -> Confusion:
    named = {name for row in table.values() for name in row} - {UNNAMED}
    columns = [*(truth for truth in table if truth in named), *sorted(named - set(table))]
    if any(UNNAMED in row for row in table.values()):
        columns.append(UNNAMED)
    rows = tuple(
        (
            truth,
            tuple((numbers.whole(row[name]) if row.get(name) else "", name == truth) for name in columns),
            of(row.get(truth, 0), sum(row.values())),
        )
        for truth, row in table.items()
    )
    return Confusion(gettext(EVIDENCE_WORDS[evidence]), tuple(columns), rows)


def _comparison(budget: ErrorBudget) -> Comparison:
    """Degradations only; the last row has how often each method accused an honest deployment."""
    peers = budget.peers
    methods = [
        Method("Assay", "Assay", gettext("measured here"), gettext(EVIDENCE_WORDS[name])) for name in EVIDENCE
    ]
    names: list[str] = []
    for peer in peers:
        if peer.method not in names:
            names.append(peer.method)
            methods.append(Method(peer.method, peer.full_name, peer.source, peer.evidence))
    own = {(row.deployment, row.evidence): row for row in budget.detection}
    degraded = {row.deployment for row in budget.detection}
    theirs = {(peer.deployment, peer.method): peer for peer in peers}
    rows = []
    for deployment, label in dict.fromkeys(
        (peer.deployment, peer.label) for peer in peers if peer.deployment in degraded
    ):
        cells = [_needed(own.get((deployment, name))) for name in EVIDENCE]
        cells += [_peer_needed(theirs.get((deployment, name))) for name in names]
        rows.append((label, tuple(cells)))
    honest = [peer for peer in peers if peer.deployment not in degraded]
    if honest:
        own_totals = [budget.totals.get(name) for name in EVIDENCE]
        cells = [numbers.NONE if total is None else _accused(total) for total in own_totals]
        cells += [_wrong([peer for peer in honest if peer.method == name]) for name in names]
        rows.append((HONEST, tuple(cells)))
    rates = tuple(
        (
            peer.label,
            peer.method,
            pgettext("between clauses", "; ").join(_rate(rate) for rate in peer.rates),
        )
        for peer in peers
    )
    return Comparison(tuple(methods), tuple(rows), rates)


def _wrong(honest: Sequence[Peer]) -> str:
    """Runs of honest deployments that a method accused, at every number of tokens tried."""
    rates = [rate for peer in honest for rate in peer.rates]
    if not rates:
        return numbers.NONE
    return of(sum(rate.detected for rate in rates), sum(rate.runs for rate in rates))


def _needed(row: Detection | None) -> str:
    """Tokens within which 90 % of *all* runs had found it; where some never did, the largest stands in."""
    if row is None:
        return numbers.NONE
    if row.tokens is None or row.rate < POWER:
        return gettext("not in %(share)s") % {"share": numbers.percent(POWER)}
    return tokens(row.tokens.p90 if row.detected == row.runs else row.tokens.most)


def _rate(rate: Rate) -> str:
    said = gettext("%(detected)s at %(tokens)s")
    return said % {"detected": of(rate.detected, rate.runs), "tokens": tokens(rate.tokens)}


def _peer_needed(peer: Peer | None) -> str:
    if peer is None:
        return numbers.NONE
    if peer.tokens_for_90 is None:
        return f">{numbers.THIN}{numbers.whole(peer.most_tokens_tried)}"
    return numbers.whole(peer.tokens_for_90)


def _limit(row: Detection) -> Limit:
    sure = gettext("is found in fewer than %(share)s of runs")
    unsure = gettext("may be found in fewer than %(share)s of runs")
    return Limit(
        row.label,
        row.what,
        gettext(EVIDENCE_WORDS[row.evidence]),
        of(row.detected, row.runs),
        _interval(row.low, row.high),
        (sure if row.high < POWER else unsure) % {"share": numbers.percent(POWER)},
    )


def _monitoring(found: Monitoring) -> str:
    hours = round(24 * found.delay.median / found.probes_per_day, 1) if found.probes_per_day else None
    median = gettext("median")
    if hours is not None:
        pace = {"hours": f"{tokens(hours)}{numbers.THIN}h", "probes": tokens(found.probes_per_day)}
        median = gettext("median, %(hours)s at %(probes)s a day") % pace
    return gettext(
        "A deployment answered as the official weights do for %(after)s probes and then became %(swap)s: "
        "the alarm came after %(delay)s probes (%(median)s; %(ninety)s within %(p90)s, all within %(most)s). "
        "Over %(honest)s probes of honest deployments there were %(alarms)s alarms, at a threshold of "
        "%(threshold)s. An alarm only starts a confirming run."
    ) % {
        "after": numbers.whole(found.after),
        "swap": found.swap,
        "delay": tokens(found.delay.median),
        "median": median,
        "ninety": numbers.percent(0.9),
        "p90": tokens(found.delay.p90),
        "most": tokens(found.delay.most),
        "honest": numbers.whole(found.honest_probes),
        "alarms": numbers.whole(found.alarms),
        "threshold": numbers.evidence(found.threshold),
    }


def _three(found: Tokens | None) -> tuple[str, str, str]:
    if found is None:
        return numbers.NONE, numbers.NONE, numbers.NONE
    return tokens(found.median), tokens(found.p90), tokens(found.most)


def _interval(low: float, high: float) -> str:
    return f"{numbers.fixed(100 * low, 0)}{numbers.DASH}{numbers.percent(high)}"


def _causes(named: Mapping[str, int], detected: int) -> str:
    """The causes named; with how often, unless it was always the same."""
    if list(named.values()) == [detected]:
        return words.said(next(iter(named)))
    ordered = sorted(named.items(), key=lambda item: (-item[1], item[0]))
    comma = pgettext("between names", ", ")
    return comma.join(f"{words.said(name)} {of(n, detected)}" for name, n in ordered if n)
