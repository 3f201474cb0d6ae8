"""The methodology page: how a verdict is made, and how often it is wrong. Generated, never typed.

The figures come from the measured error budget, the checks from their own docstrings, the rules from the
policy's source, the words from the vocabulary, the suites from their files. Where nothing has been measured
the page says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import structlog
from django.utils.translation import gettext, pgettext

from leaderboard import languages
from leaderboard.pages import numbers, words
from leaderboard.pages.methodology_figures import Figures, figures
from leaderboard.pages.prose import Block, blocks
from leaderboard.pages.rules import Rule, rules
from leaderboard.pages.words import Term
from verifier import suites
from verifier.checks.registry import discover
from verifier.scoring import error_budget, policy
from verifier.scoring.error_budget import COMMAND, ErrorBudget
from verifier.verification import Settings

log = structlog.get_logger(__name__)

FILE = "verifier/scoring/error_budget.json"
"""The figures' file, as a reader of the repository finds it."""
KIND, LANGUAGE = "kind of prompt", "language of prompts"
"""Contexts in which the catalogue has the words of a suite."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its anchor, its heading and the template that draws it."""

    id: str
    title: str

    @property
    def template(self) -> str:
        """Where its matter is drawn."""
        return f"parts/methodology/{self.id}.html"


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """A check as the page shows it: its docstring's first block opens it, the others follow."""

    name: str
    version: str
    title: str
    opening: Block | None
    rest: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """Its address on the page."""
        return f"check-{self.name.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class SuiteEntry:
    """A suite of prompts: `kinds` are its categories and `languages` its languages, with their counts."""

    name: str
    version: str
    sha256: str
    prompts: str
    kinds: str
    languages: str

    @property
    def identity(self) -> str:
        """As a result names it."""
        return f"{self.name} {self.version} sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Methodology:
    """Everything the page says. Without figures `trouble` is empty (never measured) or says what is wrong.

    `outdated` says what has changed since the figures were measured, and is empty when nothing has.
    """

    sections: tuple[Section, ...]
    budget: ErrorBudget | None
    figures: Figures | None
    trouble: str
    outdated: str
    command: str
    file: str
    alpha: str
    measured_alpha: str
    checks: tuple[CheckEntry, ...]
    policy_version: str
    rules: tuple[Rule, ...]
    verdicts: tuple[Term, ...]
    outcomes: tuple[Term, ...]
    suites: tuple[SuiteEntry, ...]


def methodology() -> Methodology:
    """The page of this moment: figures are read anew, what is code only once."""
    language = languages.current()
    budget, trouble = _budget()
    found = None if budget is None else figures(budget)
    return Methodology(
        sections=tuple(_sections(found)),
        budget=budget,
        figures=found,
        trouble=trouble,
        outdated="" if budget is None else pgettext("between two parts", " and ").join(_outdated(budget)),
        command=COMMAND if budget is None else budget.made_by,
        file=FILE,
        alpha=numbers.percent(Settings().alpha),
        measured_alpha="" if budget is None else f"{100 * budget.alpha:g}{numbers.THIN}%",
        checks=_checks(language),
        policy_version=policy.VERSION,
        rules=rules(policy),
        verdicts=tuple(words.VERDICTS.values()),
        outcomes=tuple(words.OUTCOMES.values()),
        suites=_suites(language),
    )


def _budget() -> tuple[ErrorBudget | None, str]:
    try:
        return error_budget.load(), ""
    except ValueError as error:
        log.error("error budget refused", reason=str(error))
        return None, str(error)


def _sections(found: Figures | None) -> Iterator[Section]:
    """The evidence first, then how it is made; without figures one section says that there are none."""
    if found is None:
        yield Section("unmeasured", gettext("Error rates"))
    else:
        if found.picture is not None:
            yield Section("tokens", gettext("Tokens to detection"))
            yield Section("degradations", gettext("Every degradation in numbers"))
        yield Section("honest", gettext("Honest stacks"))
        yield Section("limits", gettext("What cannot be detected"))
        yield Section("causes", gettext("Causes, named and true"))
        yield Section("peers", gettext("Beside published methods"))
        yield Section("monitoring", gettext("Monitoring"))
    yield Section("fidelity", gettext("Fidelity and the ladder"))
    yield Section("verdicts", gettext("The words"))
    yield Section("checks", gettext("The checks"))
    yield Section("policy", gettext("The policy"))
    yield Section("suite", gettext("The suite") if len(suites.names()) == 1 else gettext("The suites"))
    if found is not None:
        yield Section("repeat", gettext("Repeat it"))


def _outdated(budget: ErrorBudget) -> Iterator[str]:
    """What has changed since the figures were measured, in words."""
    measured = budget.versions.get("policy")
    if measured is not None and measured != policy.VERSION:
        said = gettext("with policy %(measured)s (in force now: %(current)s)")
        yield said % {"measured": measured, "current": policy.VERSION}
    suite = budget.versions.get("suite")
    if suite is not None and suite not in {entry.identity for entry in _suites(languages.current())}:
        said = gettext("with suite %(suite)s, which is not the one in use now")
        yield said % {"suite": suite.partition(" sha256:")[0]}


@cache
def _checks(language: str) -> tuple[CheckEntry, ...]:
    """The checks in this language, which must be that of the page: it tells the cached ones apart."""
    found = []
    for check, module in discover():
        written = blocks(module.__doc__)
        opening = written[0] if written and written[0].kind == "paragraph" else None
        rest = written if opening is None else written[1:]
        found.append(CheckEntry(check.name, check.version, words.said(check.title), opening, rest))
    return tuple(found)


@cache
def _suites(language: str) -> tuple[SuiteEntry, ...]:
    """The suites, likewise."""
    entries = []
    for name in suites.names():
        suite = suites.load(name)
        kinds = Counter(prompt.category for prompt in suite.prompts)
        spoken = Counter(prompt.language for prompt in suite.prompts)
        entries.append(
            SuiteEntry(
                suite.name,
                suite.version,
                suite.sha256,
                numbers.whole(len(suite.prompts)),
                _counted(KIND, kinds),
                _counted(LANGUAGE, spoken),
            )
        )
    return tuple(entries)


def _counted(context: str, counts: Counter[str]) -> str:
    comma = pgettext("between names", ", ")
    return comma.join(f"{pgettext(context, name)} {numbers.whole(n)}" for name, n in counts.most_common())
