"""The published methods over the lab's evidence: each with the settings that were tried for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.bench.peers import honest, margin, met, rut, tracking
from tests.bench.peers.asking import FLOOR, RANKED, Sample, scorable
from tests.bench.peers.evidence import CALIBRATION, JUDGED, REFERENCE, WITNESSES, Evidence, Samples
from verifier.lab.deployments import DEPLOYMENTS as LAB

ALPHA = 0.01
SEED = 20_250_101

Detector = Callable[[str, int, np.random.Generator], bool | None]
"""Is this deployment accused after one draw of so many completion tokens? None: the pool has not as many."""


@dataclass(frozen=True, slots=True)
class Method:
    """A published method; `settings` by the words that say what they are; `judged` are lab deployments."""

    name: str
    full_name: str
    source: str
    evidence: str
    settings: Mapping[str, Detector]
    judged: tuple[str, ...] = JUDGED

    @property
    def honest(self) -> tuple[str, ...]:
        """Those that must not be accused."""
        return tuple(name for name in self.judged if LAB[name].role != "degraded")


def methods(evidence: Evidence) -> tuple[Method, ...]:
    """All of them, over one collection of evidence."""
    return (
        _met(evidence),
        _rut(evidence),
        _margin(evidence),
        _tracking_as_published(evidence),
        _tracking(evidence),
    )


def _met(evidence: Evidence) -> Method:
    codes: dict[str, int] = {}

    def coded(samples: Samples) -> dict[str, list[list[int]]]:
        return {
            prompt: [[codes.setdefault(token, len(codes)) for token, _, _ in one] for one in answers]
            for prompt, answers in samples.items()
        }

    pools = {name: coded(samples) for name, samples in evidence.several.items()}

    def detector(length: int) -> Detector:
        def accused(name: str, tokens: int, rng: np.random.Generator) -> bool | None:
            p = met.p_value(pools[REFERENCE], pools[name], tokens=tokens, length=length, rng=rng)
            return None if p is None else p <= ALPHA

        return accused

    return Method(
        name="MET",
        full_name="Model Equality Testing (MMD, Hamming kernel)",
        source="arXiv 2410.20247",
        evidence="sampled text",
        settings={
            f"{met.ANSWERS} or more answers of {length} tokens to each prompt": detector(length)
            for length in _lengths(evidence.size.length)
        },
    )


def _rut(evidence: Evidence) -> Method:
    kinds: dict[str, Callable[[tuple[str, float, int]], float]] = {
        f"log-likelihood (clipped at {FLOOR:g} nats)": lambda token: token[1],
        f"log-rank (ranks from {RANKED} on are one)": lambda token: math.log(token[2]),
    }

    def detector(kind: str, length: int) -> Detector:
        pools = {name: _scores(samples, kinds[kind], length) for name, samples in evidence.scored.items()}

        def accused(name: str, tokens: int, rng: np.random.Generator) -> bool | None:
            p = rut.p_value(pools[REFERENCE], pools[name], tokens=tokens, length=length, rng=rng)
            return None if p is None else p <= ALPHA

        return accused

    return Method(
        name="RUT",
        full_name="Rank-based uniformity test (Cramér-von Mises)",
        source="arXiv 2506.06975",
        evidence="sampled text",
        settings={
            f"{kind} of answers of {length} tokens among {evidence.size.references} reference samples": (
                detector(kind, length)
            )
            for kind in kinds
            for length in _lengths(evidence.size.length)
        },
    )


def _margin(evidence: Evidence) -> Method:
    def detector(per_text: int) -> Detector:
        def statistic(margins: margin.Margins, tokens: int, rng: np.random.Generator) -> float | None:
            return margin.mean_margin(margins, tokens=tokens, per_text=per_text, rng=rng)

        return _calibrated(evidence.margins, CALIBRATION, statistic)

    return Method(
        name="Margin",
        full_name="Token-DiFR's margin at a fixed count, without its shared seed",
        source="arXiv 2511.20621",
        evidence="greedy text",
        settings={
            f"the first {per_text} tokens of each answer": detector(per_text)
            for per_text in (5, 10, evidence.size.greedy_length)
        },
    )


def _tracking_as_published(evidence: Evidence) -> Method:
    def accused(name: str, tokens: int, rng: np.random.Generator) -> bool | None:
        prompts = [one for one, of in evidence.repeats[name].items() if len(of) >= tokens]
        if not prompts:
            return None
        prompt = prompts[int(rng.integers(len(prompts)))]
        theirs = evidence.repeats[name][prompt]
        drawn = [theirs[i] for i in rng.choice(len(theirs), tokens, replace=False)]
        return tracking.permutation_p(evidence.repeats[REFERENCE][prompt], drawn, rng) <= ALPHA

    return Method(
        name="Log-probability tracking, as published",
        full_name="Log Probability Tracking of LLM APIs: one prompt again and again, permutation test",
        source="arXiv 2512.03816",
        evidence="logprobs of one-token answers",
        settings={f"against {evidence.size.repeats} answers of the reference": accused},
    )


def _tracking(evidence: Evidence) -> Method:
    honest_judged = tuple(name for name in JUDGED if LAB[name].role != "degraded")

    def detector(length: int) -> Detector:
        apart = {
            name: tracking.differences(evidence.lists[REFERENCE], lists, length)
            for name, lists in evidence.lists.items()
        }

        def statistic(pool: list[float], tokens: int, rng: np.random.Generator) -> float | None:
            return tracking.mean_difference(pool, tokens=tokens, rng=rng)

        return _calibrated(apart, (*CALIBRATION, *honest_judged, *WITNESSES), statistic)

    return Method(
        name="Log-probability tracking",
        full_name="Log Probability Tracking of LLM APIs, with a threshold from honest deployments",
        source="arXiv 2512.03816",
        evidence="logprobs of one-token answers",
        settings={f"the {length} most likely tokens": detector(length) for length in (5, 20)},
        judged=(*CALIBRATION, *JUDGED, *WITNESSES),
    )


def _calibrated(
    pools: Mapping[str, honest.Pool],
    known: Sequence[str],
    statistic: Callable[[honest.Pool, int, np.random.Generator], float | None],
) -> Detector:
    """Accuses above what honest draws of as many tokens reach; a stack that is judged is left out of them."""

    @cache
    def limit(tokens: int, without: str) -> float | None:
        stacks = [pools[name] for name in known if name != without]
        rng = np.random.default_rng([SEED, tokens])
        return honest.threshold(stacks, lambda pool, rng: statistic(pool, tokens, rng), ALPHA, rng)

    def accused(name: str, tokens: int, rng: np.random.Generator) -> bool | None:
        most = limit(tokens, name if name in known else "")
        found = statistic(pools[name], tokens, rng)
        return None if most is None or found is None else found > most

    return accused


def _scores(
    samples: Mapping[str, Sequence[Sample]], kind: Callable[[tuple[str, float, int]], float], length: int
) -> dict[str, list[float]]:
    """By prompt, the scores of the answers' first `length` tokens: on both sides of the scorable ones."""

    def score(sample: Sample) -> float:
        kept = scorable([token for token, _, _ in sample])
        return rut.score([kind(token) for token, asked in zip(sample, kept, strict=True) if asked])

    return {prompt: [score(one[:length]) for one in answers] for prompt, answers in samples.items()}


def _lengths(longest: int) -> tuple[int, ...]:
    return (*(length for length in (1, 2, 4, 8) if length < longest), longest)
