"""A run's result as a report: picture, tables and the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext, pgettext

from leaderboard import charts
from leaderboard.pages import grading, numbers, weighing, words
from leaderboard.pages.details import Detail, lines
from leaderboard.pages.headline import Headline, headline, numbers_sentence
from leaderboard.pages.rows import agreement, short
from leaderboard.pages.words import Term
from verifier.models import Endpoint, Finding, Run
from verifier.scoring import policy


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
    details: tuple[Detail, ...]


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
    explanation: tuple[Fact, ...]
    weighed: tuple[weighing.Question, ...]


def report(result: Mapping[str, Any] | None, endpoint: Endpoint, others: Sequence[float] = ()) -> Report:
    """The report of one result; without a result everything measured is empty.

    `others` are the fidelities of the model's other endpoints, drawn beside this one's.
    """
    found = result or {}
    fidelity, declaration = found.get("fidelity") or {}, found.get("declaration") or {}
    value, low, high = fidelity.get("value"), fidelity.get("low"), fidelity.get("high")
    band = (found.get("honest_band") or {}).get("fidelity")
    # Without distributions a rung has no fidelity to stand at.
    ladder = found.get("ladder") or {}
    known = [r for r in ladder.get("rungs") or () if r.get("fidelity") is not None]
    at = {str(r.get("name")): float(r["fidelity"]) for r in known}
    place = ladder.get("high"), ladder.get("low")
    nearest = (ladder.get("nearest") or {}).get("name") if place != (None, None) else None
    rungs = [charts.Rung(str(r.get("label") or short(r)), float(r["fidelity"])) for r in known]
    brief = [charts.Rung(short(r), float(r["fidelity"])) for r in known]
    return Report(
        headline=headline(result, endpoint.model.name),
        numbers=numbers_sentence(found),
        ladder=None
        if value is None
        else charts.ladder(
            *(value, low, high, band, rungs, brief, others),
            nearest=at.get(str(nearest)),
            place=(at[place[0]], at[place[1]]) if place[0] in at and place[1] in at else None,
        ),
        ladder_lines=_ladder_lines(endpoint.label, fidelity, band, known),
        figure=numbers.estimate(value, low, high) if value is not None else "",
        interval=numbers.interval(low, high),
        agreement=agreement(found),
        share=_share(found.get("agreement")),
        excludes=str(found.get("excludes") or ""),
        stopped=gettext(words.STOPPED.get(str(found.get("stopped_because")), "")),
        facts=_facts(found, endpoint) if found else (),
        declared=declaration.get("declared") or endpoint.declared_quantization,
        measured=declaration.get("measured") or "",
        declaration=declaration.get("state") or "unknown",
        cause=str((found.get("cause") or {}).get("name") or ""),
        explanation=explanation(found),
        weighed=weighing.questions(found),
    )


def explanation(result: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What a deviation looks like: its cause, the known variant it answers like, its place on the ladder."""
    if result.get("verdict") not in policy.ACCUSING:
        return ()
    cause, variant, ladder = (result.get(key) or {} for key in ("cause", "fingerprint", "ladder"))
    facts = []
    if cause.get("name"):
        name = gettext(words.CAUSE_NAMES.get(cause["name"], words.cause(str(cause["name"])).capitalize()))
        facts.append(
            Fact(gettext("Cause"), _supported(name, cause.get("support")), str(cause.get("evidence") or ""))
        )
    else:
        facts.append(
            Fact(
                gettext("Cause"),
                gettext("None of the known ones"),
                gettext("No check explains the deviation."),
            )
        )
    if variant.get("variant"):
        said = gettext("Answers as %(variant)s does") % {"variant": variant["variant"]}
        said = _supported(said, variant.get("support"))
        facts.append(
            Fact(
                gettext("Fingerprint"), said, gettext("Its lists deviate in the same places and directions.")
            )
        )
    if ladder.get("nearest"):
        facts.append(Fact(gettext("On the ladder"), *_placed(ladder)))
    return tuple(facts)


def _placed(ladder: Mapping[str, Any]) -> tuple[str, str]:
    """Where a deviation stands among the known degradations, and how surely."""
    labels = {str(r.get("name")): str(r.get("label") or short(r)) for r in ladder.get("rungs") or ()}
    nearest = str(ladder["nearest"].get("label") or short(ladder["nearest"]))
    where = gettext(words.PLACES.get(str(ladder.get("place")), "Closest to {label}")).format(label=nearest)
    low, high = (labels.get(str(ladder.get(end))) for end in ("low", "high"))
    if not low or not high:
        return where, ""
    if low == high:
        return _supported(where, ladder.get("support")), gettext(
            "It stays there when the prompts are drawn again."
        )
    note = gettext(
        "When the prompts are drawn again it lies between %(low)s and %(high)s (%(share)s of draws)."
    ) % {"low": low, "high": high, "share": f"95{numbers.THIN}%"}
    return _supported(where, ladder.get("support")), note


def _supported(said: str, share: float | None) -> str:
    if share is None:
        return said
    return gettext("%(said)s, support %(share)s") % {"said": said, "share": numbers.percent(share)}


def _share(found: Mapping[str, Any] | None) -> charts.Measure | None:
    if not found or found.get("value") is None:
        return None
    return charts.share(found["value"], found["low"], found["high"])


def _ladder_lines(
    label: str, fidelity: Mapping[str, float], band: float | None, rungs: Iterable[Mapping[str, Any]]
) -> tuple[LadderLine, ...]:
    found = []
    for rung in rungs:
        name, at = str(rung.get("label") or short(rung)), float(rung["fidelity"])
        found.append((at, LadderLine(name, numbers.fixed(at, 1), "", gettext("known degradation"))))
    if band is not None:
        honest = LadderLine(
            gettext("Honest deployments"), f"≥ {numbers.fixed(band, 1)}", "", gettext("the honest band")
        )
        found.append((100.0, honest))
    if fidelity:
        value, low, high = fidelity["value"], fidelity["low"], fidelity["high"]
        figures = numbers.estimate(value, low, high), numbers.interval(low, high)
        found.append((value, LadderLine(label, *figures, gettext("this endpoint"))))
    return tuple(line for _, line in sorted(found, key=lambda pair: -pair[0]))


def _facts(result: Mapping[str, Any], endpoint: Endpoint) -> tuple[Fact, ...]:
    graded = Fact(gettext("Grade"), *grading.grade(result))
    facts = [graded, *_measured(result), *_decided(result), *_spent(result, endpoint), *_provenance(result)]
    return tuple(fact for fact in facts if fact.value and fact.value != numbers.NONE)


def _measured(result: Mapping[str, Any]) -> list[Fact]:
    fidelity, band = result.get("fidelity"), result.get("honest_band") or {}
    contexts = pgettext("between two parts", " and ").join(
        gettext(words.CONTEXT_TYPES.get(kind, kind)) for kind in result.get("context_types") or ()
    )
    facts = []
    if fidelity:
        note = gettext("of 100 next tokens; %(percent)s interval, clustered by prompt") % {
            "percent": f"95{numbers.THIN}%"
        }
        facts.append(Fact(gettext("Fidelity"), estimate(fidelity), note))
    common = result.get("fidelity_common")
    if common and common["k"] != result.get("k"):
        note = gettext("top %(k)s tokens, where all endpoints are compared") % {"k": common["k"]}
        facts.append(Fact(gettext("At the common k"), estimate(common), note))
    if result.get("agreement"):
        facts.append(
            Fact(gettext("Agreement"), agreement(result), str(result["agreement"].get("kind") or ""))
        )
    if band.get("fidelity") is not None:
        stacks = band.get("stacks")
        note = ngettext(
            "%(margin)s × the worst of %(stacks)s honest stack",
            "%(margin)s × the worst of %(stacks)s honest stacks",
            stacks if isinstance(stacks, int) else 2,
        ) % {"margin": numbers.fixed(band.get("margin"), 1), "stacks": stacks}
        if band.get("provisional"):
            note = gettext("%(note)s; provisional") % {"note": note}
        facts.append(Fact(gettext("Honest band"), f"≥ {numbers.fixed(band['fidelity'], 2)}", note))
    level = gettext(words.EVIDENCE_LEVELS.get(str(result.get("evidence_level")), ""))
    lists = result.get("k") and result.get("evidence_level") == "distributions"
    top = gettext("top %(k)s tokens") % {"k": result["k"]} if lists else ""
    facts.append(
        Fact(
            gettext("Evidence"),
            level,
            pgettext("between clauses", "; ").join(part for part in (top, contexts) if part),
        )
    )
    contexts_n, prompts = result.get("contexts"), result.get("prompts")
    if contexts_n:
        facts.append(
            Fact(
                gettext("Contexts"),
                numbers.whole(contexts_n),
                gettext("of %(prompts)s prompts") % {"prompts": numbers.whole(prompts)},
            )
        )
    return facts


def estimate(found: Mapping[str, float]) -> str:
    """`97.21 (96.74–97.63)`."""
    value, low, high = found["value"], found["low"], found["high"]
    return f"{numbers.estimate(value, low, high)} ({numbers.interval(low, high)})"


def _decided(result: Mapping[str, Any]) -> list[Fact]:
    alpha = result.get("alpha")
    needed = ""
    if alpha:
        needed = gettext("%(e)s decides, at α = %(alpha)s") % {
            "e": numbers.whole(1 / alpha),
            "alpha": numbers.percent(alpha),
        }
    accuse_at = result.get("accuse_at")
    if accuse_at and alpha and accuse_at > 1 / alpha:
        needed = gettext("%(needed)s; an accusation takes %(e)s among all that are listed") % {
            "needed": needed,
            "e": numbers.evidence(accuse_at),
        }
    facts = [Fact(gettext("e-value"), numbers.evidence(result.get("e_value")), needed)]
    decided = result.get("decision_tokens")
    if decided is not None:
        facts.append(
            Fact(
                gettext("Decided after"),
                ngettext("%(n)s token", "%(n)s tokens", decided) % {"n": numbers.whole(decided)},
            )
        )
    facts.append(
        Fact(gettext("Ended because"), gettext(words.STOPPED.get(str(result.get("stopped_because")), "")))
    )
    return facts


def _spent(result: Mapping[str, Any], endpoint: Endpoint) -> list[Fact]:
    read, written = numbers.whole(result.get("prompt_tokens")), numbers.whole(result.get("completion_tokens"))
    probing = gettext("%(n)s of them to learn what it offers") % {
        "n": numbers.whole(result.get("probe_tokens"))
    }
    facts = [
        Fact(gettext("Requests"), numbers.whole(result.get("requests"))),
        Fact(
            gettext("Tokens"),
            gettext("%(read)s read, %(written)s written") % {"read": read, "written": written},
            probing,
        ),
    ]
    facts.append(
        Fact(gettext("Cost"), grading.cost(result, endpoint), gettext("of this run, at the endpoint's price"))
    )
    return [*facts, *(Fact(*said) for said in grading.speeds(result))]


def _provenance(result: Mapping[str, Any]) -> list[Fact]:
    versions = result.get("versions") or {}
    suite, _, digest = str(versions.get("suite") or "").partition(" sha256:")
    return [
        Fact(gettext("Suite"), suite, _brief(f"sha256:{digest}") if digest else ""),
        Fact(
            gettext("Hidden pool"),
            _brief(str(versions.get("hidden_pool") or "")),
            gettext("part of the prompts are from it"),
        ),
        Fact(
            gettext("Policy"), str(versions.get("policy") or ""), f"Assay {versions.get('assay', '')}".strip()
        ),
        Fact(gettext("Seed"), str(result.get("seed", ""))),
        Fact(gettext("Baseline"), _brief(str(result.get("baseline") or ""))),
    ]


def _brief(digest: str) -> str:
    kind, _, hexadecimal = digest.partition(":")
    return f"{kind}:{hexadecimal[:16]}…" if len(hexadecimal) > 16 else digest


def finding_line(finding: Finding) -> Line:
    """A finding as a line of its table."""
    unit = words.DEVIATIONS.get(finding.check_name)
    scale = 1.0 if unit is None else 100.0
    low, high = (None if end is None else scale * end for end in (finding.low, finding.high))
    return Line(
        check=words.check(finding.check_name),
        version=finding.version,
        term=words.outcome(finding.outcome),
        estimate=_found(None if finding.estimate is None else scale * finding.estimate, low, high),
        interval=numbers.interval(low, high, 3),
        unit=gettext(unit or words.UNITS.get(finding.unit, finding.unit)),
        n=numbers.whole(finding.n),
        cause=finding.cause,
        details=lines(finding.check_name, finding.details),
    )


def _found(value: float | None, low: float | None, high: float | None) -> str:
    if value is not None and low is None:
        return numbers.significant(value)
    return numbers.estimate(value, low, high, 3)


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
