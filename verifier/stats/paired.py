"""Two sides answer the same items, rightly or wrongly: how far apart are they, and what could be seen?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.stats import binom, norm

from verifier.stats.intervals import Interval


def paired_difference(pairs: Sequence[tuple[bool, bool]], *, level: float = 0.95) -> Interval | None:
    """First side's rate minus the second's, over items that both answered; in [-1, 1].

    The interval is Agresti and Min's (Statistics in Medicine 24, 2005): half a case is added to each of the
    four cells, then Wald's. None without pairs.
    """
    n = len(pairs)
    if n == 0:
        return None
    only_first, only_second = discordant(pairs)
    value = (only_first - only_second) / n
    more, less, size = only_first + 0.5, only_second + 0.5, n + 2
    centre = (more - less) / size
    error = math.sqrt(more + less - (more - less) ** 2 / size) / size
    half = float(norm.ppf(0.5 + level / 2)) * error
    return Interval(value, max(-1.0, min(value, centre - half)), min(1.0, max(value, centre + half)), n)


def discordant(pairs: Sequence[tuple[bool, bool]]) -> tuple[int, int]:
    """How many items only the first side got right, and how many only the second."""
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)


def mcnemar_worse(pairs: Sequence[tuple[bool, bool]]) -> float:
    """p-value of "the first side is not worse than the second": McNemar's exact test, one-sided.

    Of the items that only one side got right, half are the first side's if both are equally good.
    """
    only_first, only_second = discordant(pairs)
    return float(binom.cdf(only_first, only_first + only_second, 0.5))


def detectable_difference(
    n: int, discordance: float, *, alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """The smallest difference of two paired rates that `n` items show with `power`, two-sided at `alpha`.

    Solves n = (z_a sqrt(d) + z_b sqrt(d - x^2))^2 / x^2 for x (Connor, Biometrics 43, 1987). d is the share
    of items that only one side gets right: `discordance`, but at least x, which is made of such items.
    None where not even a difference of 1 would be seen.
    """
    if n < 1:
        return None
    z_alpha, z_beta = float(norm.ppf(1 - alpha / 2)), float(norm.ppf(power))

    def seen(x: float) -> bool:
        d = max(discordance, x)
        return x * math.sqrt(n) >= z_alpha * math.sqrt(d) + z_beta * math.sqrt(max(0.0, d - x * x))

    if not seen(1.0):
        return None
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) else (middle, high)
    return high
