"""How soon a monitor hears of a swap, and how often it cries wolf: the e-detector on recorded scores.

The scores are measured ones: the tv of an honest stack, and of INT4, at the baseline's contexts, in random
order. The detector's tolerance comes from the other stacks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench.baselines import without
from tests.bench.summary import quantiles
from verifier.baseline.band import prompt_scores
from verifier.baseline.model import Baseline
from verifier.checks.evidence_mode import choose_mode
from verifier.checks.session import Capabilities
from verifier.stats.e_detector import EDetector, threshold_for

HONEST, SWAP = "f32", "var-int4-g64"
AFTER = 2400
PATHS = 40
PROBES_PER_DAY = 24
HONEST_PROBES = 100_000


def watch(baseline: Baseline, seed: int = 1) -> dict[str, Any]:
    """The `monitoring` part of the error budget."""
    rng = np.random.default_rng(seed)
    known = without(baseline, HONEST)
    mode = choose_mode(known, Capabilities(True, baseline.k, baseline.prefix_style, ""))
    stacks = {stack.name: stack for stack in baseline.stacks}

    def pool(name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        scores = prompt_scores(stacks[name], mode.contexts, mode.score)
        return np.array([x for values in scores.values() for x in values])

    honest, swapped = pool(HONEST), pool(SWAP)
    threshold = threshold_for(PROBES_PER_DAY)
    detector = EDetector(mode.band.delta, threshold)
    alarms = 0
    for x in rng.choice(honest, HONEST_PROBES):
        if detector.update(float(x)):
            alarms += 1
            detector = EDetector(mode.band.delta, threshold)
    delays = []
    for _ in range(PATHS):
        detector = EDetector(mode.band.delta, threshold)
        for x in rng.choice(honest, AFTER):
            detector.update(float(x))
        delay = 0
        while not detector.alarm:
            detector.update(float(rng.choice(swapped)))
            delay += 1
        delays.append(delay)
    return {
        "threshold": threshold,
        "probes_per_day": PROBES_PER_DAY,
        "swap": SWAP,
        "after": AFTER,
        "delay": quantiles(delays),
        "honest_probes": HONEST_PROBES,
        "alarms": alarms,
    }
