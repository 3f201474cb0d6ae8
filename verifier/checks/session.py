"""What the checks of one run share: the suite, the baseline, the budget, and every observation so far."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from verifier.baseline.model import Baseline, Context, PrefixStyle
from verifier.checks.base import (
    Ask,
    Fault,
    Observation,
    Position,
    Probe,
    Purpose,
    Status,
    Token,
    Weighed,
)
from verifier.contracts import contract_for
from verifier.evidence.canonical import digest
from verifier.stats.decision import Decision
from verifier.suites import Suite
from verifier.suites.plans import WEIGHTS, plan

if TYPE_CHECKING:
    from verifier.checks.evidence_mode import Mode

LEAST = {"max_tokens": 1, "max_requests": 1, "estimation_prompts": 1, "seed": 0, "start": 0}
"""Smallest value of each whole number among the settings."""

GIVES_UP_AFTER = 8
"""Failures in a row after which the endpoint counts as down and the run stops asking."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the caller chose. `max_tokens` bounds completion tokens, `max_requests` requests; None: no bound.

    `estimation_prompts` is the size of the estimation sample; `decide_only` skips it. `accuse_at` is the
    e-value that an accusation takes where that is more than 1/alpha (among many endpoints it is). `start`
    rotates the order that `seed` drew, so that runs of one endpoint seldom repeat a prompt. `live_reference`:
    a reference answers too, and may score what the endpoint writes. `plan` names the behaviour asked about.
    """

    alpha: float = 0.01
    max_tokens: int | None = None
    max_requests: int | None = None
    no_logprobs: bool = False
    decide_only: bool = False
    seed: int = 0
    declared: str | None = None
    estimation_prompts: int = 60
    accuse_at: float | None = None
    start: int = 0
    live_reference: bool = False
    plan: str = WEIGHTS

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha is an error rate between 0 and 0.5, not {self.alpha}")
        if self.accuse_at is not None and not 1 <= self.accuse_at < math.inf:
            raise ValueError(f"accuse_at is an e-value of at least 1, not {self.accuse_at}")
        for name, least in LEAST.items():
            value = getattr(self, name)
            if value is None and name in ("max_tokens", "max_requests"):
                continue
            if type(value) is not int or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value}")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the endpoint lets us see. `k` is the length of its usable top-k lists, 0 without any.

    `whole_sampling`: it takes `top_k` and `min_p`, with which a request says that no tail is to be cut.
    """

    reachable: bool
    k: int
    prefix_style: PrefixStyle | None
    note: str
    whole_sampling: bool = False


@dataclass(slots=True)
class Gathered:
    """What a run has seen at pinned contexts: context id -> deviation and list, and how the decision went."""

    scores: dict[str, float] = field(default_factory=dict)
    deciding: list[float] = field(default_factory=list)
    """The deviations that decided, in order, one per prompt: what a monitor is fed."""
    lists: dict[str, tuple[Token, ...]] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)
    greedy: dict[str, Position] = field(default_factory=dict)
    drawn: dict[str, Position] = field(default_factory=dict)
    """The token chosen at a context, with its list: the likeliest was asked for, or a draw."""
    set_aside: int = 0
    decision_prompts: int = 0
    decision_tokens: int = 0
    stopped_because: str = "pool-exhausted"


class Session:
    """One run's memory. Checks ask through it, so that none asks for what another has already seen."""

    def __init__(self, suite: Suite, baseline: Baseline, settings: Settings) -> None:
        self.suite = suite
        self.baseline = baseline
        self.settings = settings
        self.prompts = {prompt.id: prompt for prompt in suite.prompts}
        self.capabilities = Capabilities(False, 0, None, "not probed yet")
        self.mode: Mode | None = None
        self.gathered = Gathered()
        self.decision: Decision | None = None
        self.probes: dict[str, Probe] = {}
        self.observations: dict[str, Observation] = {}
        self.plan = plan(settings.plan)
        self.contract = contract_for(baseline.model)
        self._failures_in_a_row = 0
        self._asked: dict[str, str] = {}
        """Digest of a request -> key of the probe that made it."""

    def rng(self, check: str) -> np.random.Generator:
        """A generator of its own for each check, so that adding one never moves another's draws."""
        return np.random.default_rng([self.settings.seed, *check.encode()])

    def ask(
        self, probes: Sequence[Probe], stage: str, planned: int
    ) -> Generator[Ask, Sequence[Observation], list[Observation]]:
        """Observations for `probes`, in order. Those already asked are not asked again; those beyond the
        budget, or after the endpoint went down, come back as our own `Fault.BUDGET` without being sent.
        """
        fresh = [probe for probe in probes if probe.key not in self.observations and not self._same(probe)]
        allowed = self._affordable(fresh)
        if allowed:
            expected = max(planned, len(self.observations) + len(allowed))
            weighed = None if self.decision is None else self.decision.weighed()
            answers = yield Ask(tuple(allowed), stage, expected, weighed and Weighed(*weighed))
            for probe, observation in zip(allowed, answers, strict=True):
                self.probes[probe.key] = probe
                self.observations[probe.key] = observation
                self._asked.setdefault(_request(probe), probe.key)
                if observation.attempts and not probe.of_reference:
                    self._failures_in_a_row = 0 if _alive(probe, observation) else self._failures_in_a_row + 1
        return [self._seen(probe) or _not_sent(probe) for probe in probes]

    def _seen(self, probe: Probe) -> Observation | None:
        return self.observations.get(probe.key) or self._same(probe)

    def _same(self, probe: Probe) -> Observation | None:
        """The answer that the very same request had already, for a question of behaviour.

        What the weights are judged by is always asked anew: its count of tokens is part of the decision.
        """
        if probe.purpose is not Purpose.BEHAVIOUR:
            return None
        key = self._asked.get(_request(probe))
        return None if key is None else self.observations[key]

    @property
    def down(self) -> bool:
        """Whether the endpoint failed so often in a row that asking on is pointless."""
        return self._failures_in_a_row >= GIVES_UP_AFTER

    @property
    def interrupted(self) -> bool:
        """Whether the stored evidence ends early: a probe of ours was never sent."""
        return any(o.fault is Fault.INTERNAL and o.attempts == 0 for o in self.observations.values())

    @property
    def requests(self) -> int:
        return sum(observation.attempts for observation in self._of_endpoint())

    @property
    def reference_requests(self) -> int:
        """Requests to the live reference: not the endpoint's, and not counted as its."""
        every = sum(observation.attempts for observation in self.observations.values())
        return every - self.requests

    @property
    def prompt_tokens(self) -> int:
        return sum(o.answer.prompt_tokens or 0 for o in self._of_endpoint() if o.answer)

    def completion_tokens(self, purpose: Purpose | None = None) -> int:
        """Completion tokens received from the endpoint, of all probes or of one purpose."""
        return sum(
            tokens_of(observation)
            for observation in self._of_endpoint()
            if purpose is None or self.probes[observation.key].purpose is purpose
        )

    def count(self, status: Status) -> int:
        return sum(observation.status is status for observation in self._of_endpoint())

    def can_afford(self, probes: Sequence[Probe]) -> bool:
        """Whether the budget covers all of `probes`."""
        return len(self._affordable(probes)) == len(probes)

    def answers_of_endpoint(self) -> list[Observation]:
        """Every observation of the endpoint, without the live reference's."""
        return list(self._of_endpoint())

    def _of_endpoint(self) -> Iterator[Observation]:
        return (o for key, o in self.observations.items() if not self.probes[key].of_reference)

    def _affordable(self, probes: Sequence[Probe]) -> list[Probe]:
        if self.down:
            return []
        tokens, requests = self.completion_tokens(), self.requests
        kept = []
        for probe in probes:
            if probe.of_reference:
                kept.append(probe)
                continue
            tokens += _most_tokens(probe)
            requests += 1
            if self.settings.max_tokens is not None and tokens > self.settings.max_tokens:
                break
            if (most := self._most_requests(probe.purpose)) is not None and requests > most:
                break
            kept.append(probe)
        return kept

    def _most_requests(self, purpose: Purpose) -> int | None:
        """The bound of requests: a plan may keep some of them, at most two thirds, for behaviour."""
        most = self.settings.max_requests
        if most is None or purpose is Purpose.BEHAVIOUR:
            return most
        return most - min(self.plan.reserved, 2 * most // 3)


def _alive(probe: Probe, observation: Observation) -> bool:
    """Whether the endpoint is up: it answers, or refuses what checks of behaviour ask to see it refused."""
    refused = observation.fault is Fault.REJECTED and probe.purpose is Purpose.BEHAVIOUR
    return observation.ok or refused


def _request(probe: Probe) -> str:
    return digest(
        {"api": probe.api, "body": dict(probe.body), "asking": probe.asking, "of": probe.of_reference}
    )


def _most_tokens(probe: Probe) -> int:
    """What an answer may cost; a request that is bad on purpose is worth one token."""
    allowed = probe.body.get("max_tokens")
    return allowed if type(allowed) is int else 1


def tokens_of(observation: Observation) -> int:
    """Completion tokens of one answer: what the endpoint counted, else its entries, else 1 for any text."""
    answer = observation.answer
    if answer is None:
        return 0
    if answer.completion_tokens is not None:
        return answer.completion_tokens
    if answer.positions is not None:
        return len(answer.positions)
    return 1 if answer.text else 0


def _not_sent(probe: Probe) -> Observation:
    return Observation(
        key=probe.key,
        status=Fault.BUDGET.status,
        fault=Fault.BUDGET,
        detail="Not sent: the run's budget was spent, or the endpoint was down.",
        attempts=0,
    )
