"""Does a live reference still answer as the baseline says? Asked before an old baseline judges a run."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence

from verifier.baseline.band import FLOOR, MARGIN, band, tv_score
from verifier.baseline.model import Baseline
from verifier.baseline.pools import missing_pool
from verifier.checks.asking import context_probe, first_token_list
from verifier.checks.base import Ask, Observation, Purpose
from verifier.suites import Suite

CONTEXTS = 16


class StaleBaseline(Exception):
    """The reference answers otherwise than the baseline; the message says by how much and what to do."""


def confirm(baseline: Baseline, suite: Suite) -> Generator[Ask, Sequence[Observation], float]:
    """Ask a live reference some of the baseline's contexts; returns their mean tv in [0, 1].

    Raises StaleBaseline when the mean lies beyond the honest band (three thousandths at least), when fewer
    than half of the contexts were answered usably, or when the suite lacks the baseline's hidden pool.
    """
    if (why := missing_pool(baseline, suite)) is not None:
        raise StaleBaseline(why)
    prompts = {prompt.id: prompt for prompt in suite.prompts}
    contexts = baseline.contexts[:: max(1, len(baseline.contexts) // CONTEXTS)][:CONTEXTS]
    probes = tuple(
        context_probe(
            context, prompts[context.prompt_id], baseline.prefix_style, baseline.k, Purpose.RECORDING
        )
        for context in contexts
    )
    observations = yield Ask(probes, "asking the live reference", len(probes))
    score = tv_score(baseline.k)
    scores = []
    for context, observation in zip(contexts, observations, strict=True):
        top = None if observation.answer is None else first_token_list(observation.answer, context.prefix)
        if top is not None:
            scores.append(score(context, top))
    if len(scores) < len(contexts) / 2:
        why = next((o.detail for o in observations if o.detail), "its answers carry no usable top_logprobs")
        raise StaleBaseline(
            f"the live reference answered {len(scores)} of {len(contexts)} contexts usably: {why}"
        )
    mean = math.fsum(scores) / len(scores)
    allowed = max(band(baseline, contexts, score).delta, 2 * MARGIN * FLOOR)
    if mean > allowed:
        raise StaleBaseline(
            f"the live reference is {100 * mean:.2f} points from the baseline, more than the "
            f"{100 * allowed:.2f} that honest deployments stray: it or its template has changed; "
            "record the baseline again"
        )
    return mean
