"""Has a monitored endpoint changed? An e-detector: evidence that starts anew at every probe.

Shin, Ramdas & Rinaldo, "E-detectors: a nonparametric framework for sequential change detection", arXiv
2203.03532. For one bet l let L_n = 1 + l (x_n - delta): non-negative, and of mean at most 1 given the past
while the mean of x_n given the past is at most delta. Two forms:

- Shiryaev-Roberts: R_n = L_n (R_{n-1} + 1), R_0 = 0, the sum of the e-processes begun at each probe. R_n - n
  is a supermartingale, so that E R_T <= E T for every stopping time T: that is what makes an e-detector.
- CUSUM: M_n = L_n max(M_{n-1}, 1), M_0 = 0, the largest of the same e-processes. M_n <= R_n, so that
  E M_T <= E T holds as well.

A mixture with fixed weights keeps the inequality, for either form. At the first time T at which the mixture
reaches a threshold h, h <= E M_T <= E T: while the null holds, **the mean number of probes to a false alarm
is at least h**, without a distribution or independence being assumed. It is a statement about the mean time
from the detector's start; after an alarm a new detector is started.

We use CUSUM, as METHOD.md section 3 has it. Both forms have the same guarantee; R is larger and alarms
earlier, honestly or not: a swap is found about one probe sooner, but between swaps R drifts towards
1 / (l (delta - mean)) for small bets, which uses up a part of the threshold that M keeps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from verifier.stats.e_process import BETS_ABOVE

YEARS = 10.0
"""The mean time to a false alarm that monitoring promises for each endpoint."""
DAYS_PER_YEAR = 365.25


def threshold_for(probes_per_day: float, years: float = YEARS) -> float:
    """The number of probes in `years`: at this threshold the mean time to a false alarm is at least as long.

    Raises ValueError unless that is more than one probe.
    """
    probes = probes_per_day * DAYS_PER_YEAR * years
    if not 1.0 < probes < math.inf:
        raise ValueError(f"a detector needs more than one probe to its threshold, not {probes}")
    return float(math.ceil(probes))


class EDetector:
    """Watches for "the mean of x exceeds delta from now on"; x in [0, 1] is the score of one probe."""

    def __init__(self, delta: float, threshold: float) -> None:
        """`threshold` as from `threshold_for`. Raises ValueError unless 0 < delta < 1 and threshold > 1."""
        if not 0.0 < delta < 1.0:
            raise ValueError(f"delta is a mean score in (0, 1), not {delta}")
        if not 1.0 < threshold < math.inf:
            raise ValueError(f"the threshold is a number of probes above 1, not {threshold}")
        self.delta = delta
        self.threshold = threshold
        self.n = 0
        self._bets = tuple(min(bet, 0.9 / delta) for bet in BETS_ABOVE)
        self._log_wealth = [0.0] * len(self._bets)

    def update(self, x: float) -> bool:
        """Take in the score of one probe; whether the statistic is at or above the threshold now.

        Raises ValueError for a score outside [0, 1].
        """
        if not 0.0 <= x <= 1.0:
            raise ValueError(f"a probe's score lies in [0, 1], not at {x}")
        for index, bet in enumerate(self._bets):
            wealth = max(self._log_wealth[index], 0.0)
            self._log_wealth[index] = wealth + math.log1p(bet * (x - self.delta))
        self.n += 1
        return self.alarm

    @property
    def alarm(self) -> bool:
        """Whether the statistic is at or above the threshold."""
        return self.log_statistic >= math.log(self.threshold)

    @property
    def log_statistic(self) -> float:
        """Natural log of the statistic."""
        largest = max(self._log_wealth)
        total = math.fsum(math.exp(wealth - largest) for wealth in self._log_wealth)
        return largest + math.log(total / len(self._log_wealth))

    @property
    def statistic(self) -> float:
        """The equally weighted mixture over bets, 1 before the first probe, capped at 1e300."""
        return math.exp(min(self.log_statistic, 690.0))

    def state(self) -> dict[str, float | int | list[float]]:
        """All there is to know, as JSON: to be stored between probes."""
        return {
            "delta": self.delta,
            "threshold": self.threshold,
            "n": self.n,
            "log_wealth": list(self._log_wealth),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, object]) -> EDetector:
        """The detector that `state()` described. Raises ValueError for anything else."""
        try:
            numbers = [float(state[key]) for key in ("delta", "threshold")]  # type: ignore[arg-type]
            n = int(state["n"])  # type: ignore[call-overload]
            log_wealth = [float(wealth) for wealth in state["log_wealth"]]  # type: ignore[attr-defined]
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"not the state of an e-detector: {error!r}") from None
        detector = cls(*numbers)
        if len(log_wealth) != len(detector._bets) or n < 0 or not all(map(math.isfinite, log_wealth)):
            raise ValueError("not the state of an e-detector: its bets do not fit")
        detector.n = n
        detector._log_wealth = log_wealth
        return detector
