"""Betting e-processes for a bounded mean: evidence that may be looked at after every observation.

For observations in [0, 1] with mean at most m (given the past), prod(1 + l (x_i - m)) is a non-negative
supermartingale for every bet 0 <= l <= 1/m. A fixed mixture over bets is one too, and by Ville's
inequality it ever reaches 1/alpha with probability at most alpha (Waudby-Smith & Ramdas, "Estimating
means of bounded random variables by betting", arXiv 2010.09686).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

BETS_ABOVE = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Bets against "the mean is at most m"; each is capped at 0.9 / m."""

BET_FRACTIONS_BELOW = (0.1, 0.25, 0.5, 0.75, 0.99)
"""Bets against "the mean is at least m", as fractions of the largest admissible bet 1 / (1 - m)."""


class EProcess:
    """Evidence against one bound on a mean. `value` is the current e-value, `peak` its running maximum.

    Reject at level alpha when `peak` >= 1/alpha: valid at any stopping time.
    """

    def __init__(self, mean: float, bets: Sequence[float]) -> None:
        """`mean` is the null's bound; a bet l multiplies the wealth by 1 + l (x - mean)."""
        self._mean = mean
        self._bets = tuple(bets)
        self._log_wealth = [0.0] * len(self._bets)
        self.log_peak = 0.0
        self.n = 0

    @classmethod
    def against_at_most(cls, mean: float) -> EProcess:
        """Evidence that the mean of observations in [0, 1] exceeds `mean` (0 < mean < 1)."""
        return cls(mean, [min(bet, 0.9 / mean) for bet in BETS_ABOVE])

    @classmethod
    def against_at_least(cls, mean: float) -> EProcess:
        """Evidence that the mean of observations in [0, 1] is below `mean` (0 < mean < 1)."""
        return cls(mean, [-fraction / (1.0 - mean) for fraction in BET_FRACTIONS_BELOW])

    def update(self, x: float) -> float:
        """Take in one observation in [0, 1]; returns the e-value. Raises ValueError outside of it."""
        if not 0.0 <= x <= 1.0:
            raise ValueError(f"an observation of an e-process lies in [0, 1], not at {x}")
        for index, bet in enumerate(self._bets):
            self._log_wealth[index] += math.log1p(bet * (x - self._mean))
        self.n += 1
        self.log_peak = max(self.log_peak, self.log_value)
        return self.value

    @property
    def log_value(self) -> float:
        """Natural log of the equally weighted mixture's wealth."""
        largest = max(self._log_wealth)
        total = math.fsum(math.exp(wealth - largest) for wealth in self._log_wealth)
        return largest + math.log(total / len(self._log_wealth))

    @property
    def value(self) -> float:
        """The e-value now, capped at 1e300 so that it stays a number."""
        return math.exp(min(self.log_value, 690.0))

    @property
    def peak(self) -> float:
        """The largest e-value so far."""
        return math.exp(min(self.log_peak, 690.0))

    def rejects(self, alpha: float) -> bool:
        """Whether the null was ever rejected at level `alpha`."""
        return self.log_peak >= -math.log(alpha)
