"""From a stream of deviations to a verdict: tolerance, not zero; valid whenever it is looked at.

Null and alternative share one threshold delta, so that `faithful` and `deviating` can never both be
supported (METHOD.md section 3). Scores x lie in [0, 1], one per prompt, prompts drawn at random.

- *deviating*: evidence against "mean x <= delta".
- *faithful* takes two rejections: "mean of min(x, c)/c is at least delta/c" (the bulk) and "the share of
  prompts with x >= c is at least 5 %" (the tail).
- *different model*: evidence against "at most half of the top-k lists are disjoint from the reference's".
"""

from __future__ import annotations

from verifier.stats.e_process import EProcess

TAIL_SHARE = 0.05
DISJOINT_SHARE = 0.5


class Decision:
    """Collects scores; `verdict` is set as soon as the evidence supports one, and then stays.

    Raises ValueError unless 0 < delta < c <= 1 and 0 < alpha < 1.
    """

    def __init__(self, *, delta: float, c: float, alpha: float, may_be_faithful: bool = True) -> None:
        if not 0 < delta < c <= 1:
            raise ValueError(f"a decision needs 0 < delta < c <= 1, not delta {delta} and c {c}")
        if not 0 < alpha < 1:
            raise ValueError(f"alpha is an error rate in (0, 1), not {alpha}")
        self._c = c
        self._alpha = alpha
        self._may_be_faithful = may_be_faithful
        self.deviating = EProcess.against_at_most(delta)
        self.bulk = EProcess.against_at_least(delta / c)
        self.tail = EProcess.against_at_least(TAIL_SHARE)
        self.other_model = EProcess.against_at_most(DISJOINT_SHARE)
        self.n = 0
        self._disjoint = 0
        self.verdict: str | None = None

    def update(self, x: float, *, disjoint: bool = False) -> None:
        """Take in the score of one more prompt, and whether its lists were disjoint."""
        self.n += 1
        self._disjoint += disjoint
        self.deviating.update(x)
        self.bulk.update(min(x, self._c) / self._c)
        self.tail.update(float(x >= self._c))
        self.other_model.update(float(disjoint))
        if self.other_model.rejects(self._alpha):
            self.verdict = "different-model"
        elif self.verdict is None and self.deviating.rejects(self._alpha):
            self.verdict = "deviating"
        elif (
            self.verdict is None
            and self._may_be_faithful
            and self.bulk.rejects(self._alpha)
            and self.tail.rejects(self._alpha)
        ):
            self.verdict = "faithful"

    @property
    def settled(self) -> bool:
        """Whether more prompts can no longer change the word: decided, and not perhaps another model."""
        return self.verdict is not None and not (self.verdict == "deviating" and self._disjoint == self.n)

    @property
    def e_value(self) -> float:
        """The evidence behind the verdict; without one, that for deviating."""
        if self.verdict == "faithful":
            return min(self.bulk.peak, self.tail.peak)
        if self.verdict == "different-model":
            return self.other_model.peak
        return self.deviating.peak

    def e_values(self) -> dict[str, float]:
        """The running maximum of every e-process."""
        return {
            "deviating": self.deviating.peak,
            "faithful_bulk": self.bulk.peak,
            "faithful_tail": self.tail.peak,
            "different_model": self.other_model.peak,
        }
