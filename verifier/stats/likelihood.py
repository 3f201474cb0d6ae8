"""Was this token drawn from the stated distribution? A sequential test that tolerates honest noise.

At one step the outcomes are a partition of the vocabulary (listed tokens and the rest) with probabilities p
under the null and q under an alternative, a known degradation. The bet is the likelihood ratio, clipped, and
divided by the most that its mean can be when the true distribution is within total variation eps of p. It is
the clipped likelihood ratio of Huber (1965) as an e-value, as in Saha & Ramdas, "Huber-robust likelihood
ratio tests for composite nulls and alternatives", arXiv 2408.14015; our clip is fixed, theirs grows fastest.

Why the factor is an e-value. Let r be any function of the outcome with values in [a, b], and p' within total
variation eps of p. Then p' - p = u - v with non-negative u, v of equal mass t <= eps, so that
sum p' r = sum p r + sum u r - sum v r <= sum p r + t b - t a <= sum p r + eps (b - a). Hence
r / (sum p r + eps (b - a)) has expectation at most 1 under p'.

The tolerance holds at each step, given the past: a step at which an honest deployment is further off than
eps may win the bet on average. Choose eps from the honest deployment's worst contexts, not from its mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOW, HIGH = 0.1, 10.0
"""One token multiplies the odds by at most this much before the tolerance is paid for."""


def robust_factors(
    p: ArrayLike, q: ArrayLike, eps: float, low: float = LOW, high: float = HIGH
) -> NDArray[np.float64]:
    """The e-factor of every outcome, shape as `p`: clip(q/p) / (sum p clip(q/p) + eps (max - min)).

    `p` and `q` are probabilities over the same outcomes (sums off 1 by rounding are put right); what
    neither thinks possible bets nothing (ratio 1).
    Raises ValueError unless both are distributions of one shape, 0 <= eps <= 1 and 0 < low <= 1 <= high.
    """
    null, other = np.asarray(p, np.float64), np.asarray(q, np.float64)
    if null.ndim != 1 or null.shape != other.shape or not (_distribution(null) and _distribution(other)):
        raise ValueError("p and q are probabilities of the same outcomes, each with the sum 1")
    null, other = null / null.sum(), other / other.sum()
    if not 0.0 <= eps <= 1.0:
        raise ValueError(f"eps is a total variation in [0, 1], not {eps}")
    if not 0.0 < low <= 1.0 <= high < math.inf:
        raise ValueError(f"the ratio is clipped to 0 < low <= 1 <= high, not to {low} and {high}")
    ratio = np.ones_like(null)
    # Compared by products first: a quotient by a denormal would overflow.
    within = (other < high * null) & (other > low * null)
    np.divide(other, null, out=ratio, where=within)
    ratio[(other >= high * null) & (other > 0)] = high
    ratio[(other <= low * null) & (null > 0)] = low
    most = float(null @ ratio) + eps * float(ratio.max() - ratio.min())
    factors: NDArray[np.float64] = ratio / most
    return factors


def robust_e(
    p: ArrayLike, q: ArrayLike, outcome: int, eps: float, low: float = LOW, high: float = HIGH
) -> float:
    """The e-factor of the outcome that came up (an index into `p`); see `robust_factors`.

    Its expectation is at most 1 under every distribution within total variation `eps` of `p`.
    """
    return float(robust_factors(p, q, eps, low, high)[outcome])


class LikelihoodProcess:
    """The evidence against "drawn from p, up to eps": an equally weighted mixture over alternatives.

    Each alternative's wealth is the product of its factors, a non-negative supermartingale under the null;
    so is their mean. Reject at level alpha once it reached 1/alpha: valid at any stopping time.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Raises ValueError without alternatives or with one named twice."""
        if not names or len(set(names)) != len(names):
            raise ValueError("a likelihood process bets on at least one alternative, each with its own name")
        self.names = tuple(names)
        self._log_wealth = dict.fromkeys(self.names, 0.0)
        self.log_peak = 0.0
        self.n = 0

    def update(self, factors: Mapping[str, float] | Sequence[float]) -> float:
        """Take in one step's e-factors, by name or in the order of `names`; returns the e-value.

        An alternative that a mapping leaves out does not bet (factor 1): its distribution may be unknown
        there. Raises ValueError for another name, another length, or a factor that is not above 0 and finite.
        """
        if not isinstance(factors, Mapping):
            if len(factors) != len(self.names):
                raise ValueError(f"{len(self.names)} alternatives bet, not {len(factors)}")
            factors = dict(zip(self.names, factors, strict=True))
        if unknown := factors.keys() - self._log_wealth.keys():
            raise ValueError(f"no such alternative: {', '.join(sorted(unknown))}")
        if not all(0.0 < factor < math.inf for factor in factors.values()):
            raise ValueError("an e-factor is a finite number above 0")
        for name, factor in factors.items():
            self._log_wealth[name] += math.log(factor)
        self.n += 1
        self.log_peak = max(self.log_peak, self.log_value)
        return self.value

    @property
    def log_value(self) -> float:
        """Natural log of the mixture's wealth."""
        largest = max(self._log_wealth.values())
        total = math.fsum(math.exp(wealth - largest) for wealth in self._log_wealth.values())
        return largest + math.log(total / len(self.names))

    @property
    def value(self) -> float:
        """The e-value now, capped at 1e300 so that it stays a number."""
        return math.exp(min(self.log_value, 690.0))

    @property
    def peak(self) -> float:
        """The largest e-value so far, capped likewise."""
        return math.exp(min(self.log_peak, 690.0))

    def rejects(self, alpha: float) -> bool:
        """Whether the null was ever rejected at level `alpha`."""
        return self.log_peak >= -math.log(alpha)

    def shares(self) -> dict[str, float]:
        """Each alternative's share of the wealth now; they add up to 1. The largest explains it best."""
        largest = max(self._log_wealth.values())
        relative = {name: math.exp(wealth - largest) for name, wealth in self._log_wealth.items()}
        total = math.fsum(relative.values())
        return {name: part / total for name, part in relative.items()}


def _distribution(x: NDArray[np.float64]) -> bool:
    return bool(x.size and (x >= 0).all() and abs(float(x.sum()) - 1.0) <= 1e-6)
