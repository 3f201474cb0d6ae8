"""The measured error budget: honest deployments accused, and how soon a degraded one is found.

The figures live beside this module in `error_budget.json`. `make bench-power` writes that file; nobody
types it. Without the file nothing has been measured, and `load` says so with None. The methodology page is
made from what `load` returns, so a file that contradicts itself (a total that is not the sum of its rows, a
rate outside its own interval) is refused here instead of being published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from verifier.scoring.budget_fields import Field

FORMAT = 1
PATH = Path(__file__).with_name("error_budget.json")
COMMAND = "make bench-power"
"""What writes the file."""
UNNAMED = "none named"
"""Stands among the causes for the runs that named none."""
EVIDENCE = ("logprobs", "text")
"""Evidence that the controls are judged by: with next-token probabilities, or by the text alone."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Completion tokens to the decision over a row's decided runs: median, 90 % quantile, largest."""

    median: float
    p90: float
    most: float


@dataclass(frozen=True, slots=True)
class Reach:
    """What a row must reach: at least `share` (0..1) of its runs decided within `tokens`."""

    tokens: int
    share: float


@dataclass(frozen=True, slots=True)
class Detection:
    """One degradation at one level of evidence, over `runs` runs.

    `low` and `high` (0..1) are the 95 % Clopper-Pearson interval of the detection rate; `tokens` is None
    when no run detected it, `reach` when nothing was promised; `within` counts the runs inside the reach.
    `verdicts` counts all runs, `named` the causes named in detected ones (which may be fewer: none named).
    """

    deployment: str
    label: str
    what: str
    cause: str
    evidence: str
    runs: int
    detected: int
    low: float
    high: float
    tokens: Tokens | None
    reach: Reach | None
    within: int | None
    verdicts: Mapping[str, int]
    named: Mapping[str, int]

    @property
    def rate(self) -> float:
        """The share of runs that detected it, 0..1."""
        return self.detected / self.runs

    @property
    def held(self) -> bool | None:
        """Whether its reach was reached; None where none is promised."""
        if self.reach is None or self.within is None:
            return None
        return self.within >= self.reach.share * self.runs


@dataclass(frozen=True, slots=True)
class Honest:
    """One honest deployment at one level of evidence. `within` counts faithful runs inside the reach."""

    deployment: str
    label: str
    what: str
    evidence: str
    runs: int
    accused: int
    faithful: int
    within: int
    tokens: Tokens | None
    verdicts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Total:
    """False accusations over honest runs and over honest stacks; `_upper` are 95 % upper bounds (0..1)."""

    runs: int
    accused: int
    runs_upper: float
    stacks: int
    stacks_accused: int
    stacks_upper: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of `runs` runs another method detected a degradation in with this many tokens."""

    tokens: int
    detected: int
    runs: int


@dataclass(frozen=True, slots=True)
class Peer:
    """A published method on one degradation. `tokens_for_90` is None when `most_tokens_tried` did not do."""

    method: str
    full_name: str
    source: str
    evidence: str
    deployment: str
    label: str
    rates: tuple[Rate, ...]
    tokens_for_90: int | None
    most_tokens_tried: int


@dataclass(frozen=True, slots=True)
class Monitoring:
    """An honest endpoint that became `swap` after `after` probes: probes to the alarm, and false alarms."""

    threshold: float
    probes_per_day: float
    swap: str
    after: int
    delay: Tokens
    honest_probes: int
    alarms: int


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """The whole file. `causes` is evidence -> truth -> named cause -> runs."""

    made_by: str
    made_at: datetime
    versions: Mapping[str, str]
    model: str
    alpha: float
    seeds: int
    prompts: int
    detection: tuple[Detection, ...]
    honest: tuple[Honest, ...]
    totals: Mapping[str, Total]
    causes: Mapping[str, Mapping[str, Mapping[str, int]]]
    peers: tuple[Peer, ...]
    monitoring: Monitoring | None


def load(path: Path | None = None) -> ErrorBudget | None:
    """The figures in the file at `path` (the one shipped beside this module), or None when there is no file.

    Raises ValueError, with the place in the file, when it is not of this format or contradicts itself.
    """
    path = PATH if path is None else path
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is not JSON: {error.msg} at line {error.lineno}") from error
    try:
        return parse(document)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def parse(document: object) -> ErrorBudget:
    """The figures of a decoded file. Raises ValueError as `load` does."""
    root = Field("", document)
    if root["assay_error_budget"].value != FORMAT:
        root["assay_error_budget"].refuse(f"must be {FORMAT}, the format this version of Assay reads")
    honest = tuple(_honest(item) for item in root["honest"].items())
    return ErrorBudget(
        made_by=root["made_by"].text(),
        made_at=root["made_at"].moment(),
        versions={name: field.text() for name, field in root["versions"].fields()},
        model=root["model"].text(),
        alpha=root["alpha"].share(),
        seeds=root["seeds"].count(least=1),
        prompts=root["prompts"].count(least=1),
        detection=_unique(root["detection"], tuple(_detection(item) for item in root["detection"].items())),
        honest=_unique(root["honest"], honest),
        totals=_totals(root["totals"], honest),
        causes={
            _one_of(evidence, table): {
                truth: {named: cell.count() for named, cell in row.fields()} for truth, row in table.fields()
            }
            for evidence, table in root["causes"].fields()
        },
        peers=tuple(_peer(item) for item in root["peers"].items()),
        monitoring=None if root["monitoring"].value is None else _monitoring(root["monitoring"]),
    )


def _detection(row: Field) -> Detection:
    runs = row["runs"].count(least=1)
    detected = row["detected"].count(most=runs)
    reach = None if row["reach"].value is None else row["reach"]
    found = Detection(
        deployment=row["deployment"].text(),
        label=row["label"].text(),
        what=row["what"].text(),
        cause=row["cause"].text(),
        evidence=_evidence(row["evidence"]),
        runs=runs,
        detected=detected,
        low=row["low"].share(),
        high=row["high"].share(),
        tokens=_tokens(row["tokens"]),
        reach=None if reach is None else Reach(reach["tokens"].count(least=1), reach["share"].share()),
        within=None if row["within"].value is None else row["within"].count(most=detected),
        verdicts=_counts(row["verdicts"], runs),
        named=_counts(row["named"], detected, all_of_them=False),
    )
    if not found.low <= found.rate <= found.high:
        row["low"].refuse(f"{detected} of {runs} must lie in its interval {found.low} to {found.high}")
    if (found.tokens is None) != (detected == 0):
        row["tokens"].refuse("are those of the detected runs: null exactly when nothing was detected")
    if (found.within is None) != (found.reach is None):
        row["within"].refuse("must be given exactly where there is a reach")
    return found


def _honest(row: Field) -> Honest:
    runs = row["runs"].count(least=1)
    faithful = row["faithful"].count(most=runs)
    return Honest(
        deployment=row["deployment"].text(),
        label=row["label"].text(),
        what=row["what"].text(),
        evidence=_evidence(row["evidence"]),
        runs=runs,
        accused=row["accused"].count(most=runs - faithful),
        faithful=faithful,
        within=row["within"].count(most=faithful),
        tokens=_tokens(row["tokens"]),
        verdicts=_counts(row["verdicts"], runs),
    )


def _totals(field: Field, honest: tuple[Honest, ...]) -> dict[str, Total]:
    """The totals, which must be what the rows add up to."""
    found = {}
    for evidence, row in field.fields():
        total = Total(
            runs=row["runs"].count(),
            accused=row["accused"].count(),
            runs_upper=row["runs_upper"].share(),
            stacks=row["stacks"].count(),
            stacks_accused=row["stacks_accused"].count(),
            stacks_upper=row["stacks_upper"].share(),
        )
        rows = [item for item in honest if item.evidence == _one_of(evidence, row)]
        sums = {
            "runs": sum(item.runs for item in rows),
            "accused": sum(item.accused for item in rows),
            "stacks": len(rows),
            "stacks_accused": sum(item.accused > 0 for item in rows),
        }
        for name, expected in sums.items():
            if getattr(total, name) != expected:
                row[name].refuse(f"is {getattr(total, name)}, but the honest rows give {expected}")
        if total.accused > total.runs_upper * total.runs:
            row["runs_upper"].refuse("is below the rate it bounds")
        if total.stacks_accused > total.stacks_upper * total.stacks:
            row["stacks_upper"].refuse("is below the rate it bounds")
        found[evidence] = total
    if missing := sorted({item.evidence for item in honest} - set(found)):
        field.refuse(f"lacks {', '.join(missing)}, which the honest rows have")
    return found


def _peer(row: Field) -> Peer:
    needed = row["tokens_for_90"]
    rates = []
    for item in row["rates"].items():
        runs = item["runs"].count(least=1)
        rates.append(Rate(item["tokens"].count(least=1), item["detected"].count(most=runs), runs))
    return Peer(
        method=row["method"].text(),
        full_name=row["full_name"].text(),
        source=row["source"].text(),
        evidence=row["evidence"].text(),
        deployment=row["deployment"].text(),
        label=row["label"].text(),
        rates=tuple(rates),
        tokens_for_90=None if needed.value is None else needed.count(least=1),
        most_tokens_tried=row["most_tokens_tried"].count(least=1),
    )


def _monitoring(row: Field) -> Monitoring:
    delay = _tokens(row["delay"])
    if delay is None:
        row["delay"].refuse("must be given")
    return Monitoring(
        threshold=row["threshold"].number(),
        probes_per_day=row["probes_per_day"].number(),
        swap=row["swap"].text(),
        after=row["after"].count(),
        delay=delay,
        honest_probes=row["honest_probes"].count(),
        alarms=row["alarms"].count(),
    )


def _tokens(field: Field) -> Tokens | None:
    if field.value is None:
        return None
    found = Tokens(field["median"].number(), field["p90"].number(), field["max"].number())
    if not found.median <= found.p90 <= found.most:
        field.refuse("must rise from median over p90 to max")
    return found


def _counts(field: Field, total: int, *, all_of_them: bool = True) -> dict[str, int]:
    found = {name: item.count() for name, item in field.fields()}
    counted = sum(found.values())
    if counted > total or (all_of_them and counted < total):
        field.refuse(f"add up to {counted}, not to {total}")
    return found


def _evidence(field: Field) -> str:
    return _one_of(field.text(), field)


def _one_of(name: str, field: Field) -> str:
    if name not in EVIDENCE:
        field.refuse(f"is of no known evidence: {' or '.join(EVIDENCE)}")
    return name


def _unique(field: Field, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    keys = [(row.deployment, row.evidence) for row in rows]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        field.refuse(f"holds {twice[0][0]} by {twice[0][1]} twice")
    return rows
