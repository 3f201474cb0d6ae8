"""A run's result as a report: picture, tables and the command that repeats it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leaderboard import charts
from leaderboard.pages import numbers, words
from leaderboard.pages.headline import Headline, headline, numbers_sentence
from leaderboard.pages.rows import agreement, short
from leaderboard.pages.words import Term
from verifier.models import Endpoint, Finding, Run


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the table of numbers."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A finding as a line of its table."""

    check: str
    version: str
    term: Term
    estimate: str
    interval: str
    unit: str
    n: str
    cause: str


@dataclass(frozen=True, slots=True)
class Past:
    """One run in the history of an endpoint."""

    id: str
    when: datetime
    state: str
    term: Term | None
    fidelity: str
    interval: str
    tokens: str
    done: int
    planned: int


@dataclass(frozen=True, slots=True)
class LadderLine:
    """A line of the ladder's table equivalent."""

    name: str
    fidelity: str
    interval: str
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page of an endpoint or of an ended run says of one result."""

    headline: Headline
    numbers: str
    ladder: charts.Ladder | None
    ladder_lines: tuple[LadderLine, ...]
    figure: str
    interval: str
    agreement: str
    share: charts.Measure | None
    excludes: str
    stopped: str
    facts: tuple[Fact, ...]
    declared: str
    measured: str
    declaration: str
    cause: str
    raw: str


def report(result: Mapping[str, Any] | None, endpoint: Endpoint, others: Sequence[float] = ()) -> Report:
    """The report of one result; without a result everything measured is empty.

    `others` are the fidelities of the model's other endpoints, drawn beside this one's.
    """
    found = result or {}
    fidelity, declaration = found.get("fidelity") or {}, found.get("declaration") or {}
    value, low, high = fidelity.get("value"), fidelity.get("low"), fidelity.get("high")
    band = (found.get("honest_band") or {}).get("fidelity")
    # Without distributions a rung has no fidelity to stand at.
    known = [r for r in (found.get("ladder") or {}).get("rungs") or () if r.get("fidelity") is not None]
    rungs = [charts.Rung(str(r.get("label") or short(r)), float(r["fidelity"])) for r in known]
    brief = [charts.Rung(short(r), float(r["fidelity"])) for r in known]
    return Report(
        headline=headline(result, endpoint.model.name),
        numbers=numbers_sentence(found),
        ladder=charts.ladder(value, low, high, band, rungs, brief, others) if value is not None else None,
        ladder_lines=_ladder_lines(endpoint.label, fidelity, band, known),
        figure=numbers.estimate(value, low, high) if value is not None else "",
        interval=numbers.interval(low, high),
        agreement=agreement(found),
        share=_share(found.get("agreement")),
        excludes=str(found.get("excludes") or ""),
        stopped=words.STOPPED.get(str(found.get("stopped_because")), ""),
        facts=_facts(found) if found else (),
        declared=declaration.get("declared") or endpoint.declared_quantization,
        measured=declaration.get("measured") or "",
        declaration=declaration.get("state") or "unknown",
        cause=str((found.get("cause") or {}).get("name") or ""),
        raw=json.dumps(result, indent=2, ensure_ascii=False) if result else "",
    )


def _share(found: Mapping[str, Any] | None) -> charts.Measure | None:
    if not found or found.get("value") is None:
        return None
    return charts.share(found["value"], found["low"], found["high"])


def _ladder_lines(
    label: str, fidelity: Mapping[str, float], band: float | None, rungs: Iterable[Mapping[str, Any]]
) -> tuple[LadderLine, ...]:
    lines = []
    for rung in rungs:
        name, at = str(rung.get("label") or short(rung)), float(rung["fidelity"])
        lines.append((at, LadderLine(name, numbers.fixed(at, 1), "", "known degradation")))
    if band is not None:
        honest = LadderLine("Honest deployments", f"≥ {numbers.fixed(band, 1)}", "", "the honest band")
        lines.append((100.0, honest))
    if fidelity:
        value, low, high = fidelity["value"], fidelity["low"], fidelity["high"]
        figures = numbers.estimate(value, low, high), numbers.interval(low, high)
        lines.append((value, LadderLine(label, *figures, "this endpoint")))
    return tuple(line for _, line in sorted(lines, key=lambda pair: -pair[0]))


def _facts(result: Mapping[str, Any]) -> tuple[Fact, ...]:
    facts = [*_measured(result), *_decided(result), *_spent(result), *_provenance(result)]
    return tuple(fact for fact in facts if fact.value and fact.value != numbers.NONE)


def _measured(result: Mapping[str, Any]) -> list[Fact]:
    fidelity, band = result.get("fidelity"), result.get("honest_band") or {}
    contexts = " and ".join(words.CONTEXT_TYPES.get(kind, kind) for kind in result.get("context_types") or ())
    facts = []
    if fidelity:
        note = f"of 100 next tokens; 95{numbers.THIN}% interval, clustered by prompt"
        facts.append(Fact("Fidelity", estimate(fidelity), note))
    common = result.get("fidelity_common")
    if common and common["k"] != result.get("k"):
        note = f"top {common['k']} tokens, where all endpoints are compared"
        facts.append(Fact("At the common k", estimate(common), note))
    if result.get("agreement"):
        facts.append(Fact("Agreement", agreement(result), str(result["agreement"].get("kind") or "")))
    if band.get("fidelity") is not None:
        stacks = band.get("stacks")
        noun = "stack" if stacks == 1 else "stacks"
        note = f"{numbers.fixed(band.get('margin'), 1)} × the worst of {stacks} honest {noun}"
        note += "; provisional" if band.get("provisional") else ""
        facts.append(Fact("Honest band", f"≥ {numbers.fixed(band['fidelity'], 2)}", note))
    level = words.EVIDENCE_LEVELS.get(str(result.get("evidence_level")), "")
    lists = result.get("k") and result.get("evidence_level") == "distributions"
    top = f"top {result['k']} tokens" if lists else ""
    facts.append(Fact("Evidence", level, "; ".join(part for part in (top, contexts) if part)))
    contexts_n, prompts = result.get("contexts"), result.get("prompts")
    if contexts_n:
        facts.append(Fact("Contexts", numbers.whole(contexts_n), f"of {numbers.whole(prompts)} prompts"))
    return facts


def estimate(found: Mapping[str, float]) -> str:
    """`97.21 (96.74–97.63)`."""
    value, low, high = found["value"], found["low"], found["high"]
    return f"{numbers.estimate(value, low, high)} ({numbers.interval(low, high)})"


def _decided(result: Mapping[str, Any]) -> list[Fact]:
    alpha = result.get("alpha")
    needed = "" if not alpha else f"{numbers.whole(1 / alpha)} decides, at α = {numbers.percent(alpha)}"
    facts = [Fact("e-value", numbers.evidence(result.get("e_value")), needed)]
    decided = result.get("decision_tokens")
    if decided is not None:
        facts.append(Fact("Decided after", f"{numbers.whole(decided)} token{'' if decided == 1 else 's'}"))
    facts.append(Fact("Ended because", words.STOPPED.get(str(result.get("stopped_because")), "")))
    return facts


def _spent(result: Mapping[str, Any]) -> list[Fact]:
    read, written = numbers.whole(result.get("prompt_tokens")), numbers.whole(result.get("completion_tokens"))
    probing = f"{numbers.whole(result.get('probe_tokens'))} of them to learn what it offers"
    facts = [
        Fact("Requests", numbers.whole(result.get("requests"))),
        Fact("Tokens", f"{read} read, {written} written", probing),
    ]
    first = (result.get("speed") or {}).get("first_token_ms") or {}
    if first.get("p50") is not None:
        value = f"{numbers.quantity(first['p50'], 'ms')} (p95 {numbers.quantity(first.get('p95'), 'ms')})"
        facts.append(Fact("First token", value, f"median of {numbers.whole(first.get('n'))}"))
    return facts


def _provenance(result: Mapping[str, Any]) -> list[Fact]:
    versions = result.get("versions") or {}
    suite, _, digest = str(versions.get("suite") or "").partition(" sha256:")
    return [
        Fact("Suite", suite, _brief(f"sha256:{digest}") if digest else ""),
        Fact("Policy", str(versions.get("policy") or ""), f"Assay {versions.get('assay', '')}".strip()),
        Fact("Seed", str(result.get("seed", ""))),
        Fact("Baseline", _brief(str(result.get("baseline") or ""))),
    ]


def _brief(digest: str) -> str:
    kind, _, hexadecimal = digest.partition(":")
    return f"{kind}:{hexadecimal[:16]}…" if len(hexadecimal) > 16 else digest


def finding_line(finding: Finding) -> Line:
    """A finding as a line of its table."""
    return Line(
        check=finding.check_name.replace("_", " ").capitalize(),
        version=finding.version,
        term=words.outcome(finding.outcome),
        estimate=_found(finding),
        interval=numbers.interval(finding.low, finding.high, 3),
        unit=words.UNITS.get(finding.unit, finding.unit),
        n=numbers.whole(finding.n),
        cause=finding.cause,
    )


def _found(finding: Finding) -> str:
    if finding.low is None and finding.estimate is not None and finding.estimate == round(finding.estimate):
        return numbers.whole(finding.estimate)
    return numbers.estimate(finding.estimate, finding.low, finding.high, 3)


def past(run: Run) -> Past:
    """A run as a line of the history."""
    result = run.result or {}
    interval = run.fidelity_low, run.fidelity_high
    return Past(
        id=str(run.pk),
        when=run.ended or run.started or run.created,
        state=run.state,
        term=words.verdict(run.verdict) if run.verdict else None,
        fidelity=numbers.estimate(run.fidelity, *interval),
        interval=numbers.interval(*interval),
        tokens=numbers.whole(result.get("completion_tokens")),
        done=run.done,
        planned=run.planned,
    )


def commands(endpoint: Endpoint, result: Mapping[str, Any] | None) -> str:
    """The commands that repeat this measurement from a shell, against a reference of the reader's own."""
    found = result or {}
    suite = str((found.get("versions") or {}).get("suite") or "core").split(" ")[0]
    verify = [
        f"--base-url {shlex.quote(endpoint.base_url)}",
        f"--model {shlex.quote(endpoint.upstream_model)}",
    ]
    if endpoint.declared_quantization not in ("", "unknown"):
        verify.append(f"--declared {shlex.quote(endpoint.declared_quantization)}")
    if found.get("seed") is not None:
        verify.append(f"--seed {int(found['seed'])}")
    record = (
        f'assay record --base-url "$REFERENCE_URL" --model {shlex.quote(str(endpoint.model))} '
        f"--suite {shlex.quote(suite)}"
    )
    return "\n".join(
        (
            record + " \\\n    -o baseline.json",
            "assay verify --baseline baseline.json \\\n    " + " \\\n    ".join(verify),
        )
    )
