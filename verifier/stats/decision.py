"""From a stream of deviations to a verdict: tolerance, not zero; valid whenever it is looked at.

Null and alternative share one threshold delta, so that `faithful` and `deviating` can never both be
supported (METHOD.md section 3). Scores x lie in [0, 1], one per prompt, prompts drawn at random.

An accusation rests on several e-processes, each of which an honest deployment leaves small, averaged with
fixed weights (an average of e-processes is one, whatever their dependence):

- *distribution*: evidence against "mean x <= delta".
- *choice*: evidence against "at most one greedy choice in fifty is not the likeliest of the list that the
  endpoint itself returned".
- *sampling*: evidence against "sampled tokens follow the list that the endpoint itself returned".
- *window*: evidence against "mean x <= delta" at long prompts, where only a cut context deviates.
- *written*: evidence against "the mean margin of the tokens written at near-ties <= its own delta", where an
  endpoint returns lists: they may be others' than its text.

*Different model* takes an accusation and evidence against "at most half of the top-k lists are disjoint from
the reference's". *Faithful* takes two rejections: "mean of min(x, c)/c is at least delta/c" (the bulk) and
"the share of prompts with x >= c is at least 5 %" (the tail).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from verifier.stats.e_process import EProcess
from verifier.stats.likelihood import LikelihoodProcess

TAIL_SHARE = 0.05
DISJOINT_SHARE = 0.5
STRAY_SHARE = 0.02
"""Share of greedy choices that may stray from the endpoint's own list: near-ties that rounding turns."""
WEIGHTS = {"distribution": 0.76, "choice": 0.05, "sampling": 0.07, "window": 0.05, "written": 0.07}
"""What each e-process weighs in an accusation; fixed beforehand, the sum is 1."""


class Decision:
    """Collects evidence; `verdict` is set as soon as it supports one.

    `accuse_at` is the e-value that an accusation takes, at least (and by default) 1/alpha. An accusation
    replaces `faithful` when later evidence of another kind supports it; nothing replaces an accusation,
    except that one of deviating may become one of another model.

    Raises ValueError unless 0 < delta < c <= 1 and 0 < alpha < 1.
    """

    def __init__(
        self,
        *,
        delta: float,
        c: float,
        alpha: float,
        may_be_faithful: bool = True,
        accuse_at: float | None = None,
        window_delta: float | None = None,
        written_delta: float | None = None,
    ) -> None:
        if not 0 < delta < c <= 1:
            raise ValueError(f"a decision needs 0 < delta < c <= 1, not delta {delta} and c {c}")
        if not 0 < alpha < 1:
            raise ValueError(f"alpha is an error rate in (0, 1), not {alpha}")
        self._c = c
        self._alpha = alpha
        self._may_be_faithful = may_be_faithful
        self._log_accuse_at = math.log(max(1 / alpha, accuse_at or 0.0))
        self.distribution = EProcess.against_at_most(delta)
        self.choice = EProcess.against_at_most(STRAY_SHARE)
        self.sampling: LikelihoodProcess | None = None
        self.window = EProcess.against_at_most(window_delta or delta)
        self.written = EProcess.against_at_most(written_delta or delta)
        self.bulk = EProcess.against_at_least(delta / c)
        self.tail = EProcess.against_at_least(TAIL_SHARE)
        self.other_model = EProcess.against_at_most(DISJOINT_SHARE)
        self.n = 0
        self._log_peak = 0.0
        self._disjoint = 0
        self.verdict: str | None = None

    def update(self, x: float, *, disjoint: bool = False) -> None:
        """Take in the score of one more prompt, and whether its lists were disjoint."""
        self.n += 1
        self._disjoint += disjoint
        self.distribution.update(x)
        self.bulk.update(min(x, self._c) / self._c)
        self.tail.update(float(x >= self._c))
        self.other_model.update(float(disjoint))
        self._judge()
        if (
            self.verdict is None
            and self._may_be_faithful
            and self.bulk.rejects(self._alpha)
            and self.tail.rejects(self._alpha)
        ):
            self.verdict = "faithful"

    def update_choice(self, strayed: bool) -> None:
        """Take in whether a greedy choice was not the likeliest token of its own list."""
        self.choice.update(float(strayed))
        self._judge()

    def update_sampling(self, factors: Mapping[str, float]) -> None:
        """Take in one sampled token: the e-factor of each alternative (`stats.alternatives`)."""
        if self.sampling is None:
            self.sampling = LikelihoodProcess(tuple(factors))
        self.sampling.update(factors)
        self._judge()

    def update_window(self, x: float) -> None:
        """Take in the score of one more long prompt."""
        self.window.update(x)
        self._judge()

    def update_written(self, x: float) -> None:
        """Take in how far one more token that it wrote at a near-tie lies from the best."""
        self.written.update(x)
        self._judge()

    @property
    def settled(self) -> bool:
        """Whether more prompts can no longer change the word: decided, and not perhaps another model."""
        return self.verdict is not None and not (self.verdict == "deviating" and self._disjoint == self.n)

    @property
    def accused(self) -> bool:
        """Whether the evidence says that the endpoint does not serve the released model."""
        return self.verdict in ("deviating", "different-model")

    @property
    def of_the_weights(self) -> str | None:
        """What the lists alone say: an accusation that rests on them, `faithful`, or None (undecided)."""
        if self.accused and self.leading() == "distribution":
            return self.verdict
        within = self.bulk.rejects(self._alpha) and self.tail.rejects(self._alpha)
        return "faithful" if self._may_be_faithful and within else None

    @property
    def accusation(self) -> float:
        """The averaged e-value behind an accusation, at its peak."""
        return math.exp(min(self._log_peak, 690.0))

    @property
    def e_value(self) -> float:
        """The evidence behind the verdict; without one, that for an accusation."""
        if self.verdict == "faithful":
            return self.weighed()[1]
        return self.accusation

    def weighed(self) -> tuple[float, float]:
        """The running maxima of both sides: against honesty, and for faithfulness."""
        return self.accusation, min(self.bulk.peak, self.tail.peak)

    def e_values(self) -> dict[str, float]:
        """The running maximum of every e-process, and of the average of those that accuse.

        `accusation_now` is that average as it stands: the e-value that may be combined with others (a
        running maximum is none).
        """
        return {
            "accusation": self.accusation,
            "accusation_now": math.exp(min(self._average(), 690.0)),
            "distribution": self.distribution.peak,
            "choice": self.choice.peak,
            "sampling": 1.0 if self.sampling is None else math.exp(min(self.sampling.log_peak, 690.0)),
            "window": self.window.peak,
            "written": self.written.peak,
            "faithful_bulk": self.bulk.peak,
            "faithful_tail": self.tail.peak,
            "different_model": self.other_model.peak,
        }

    def leading(self) -> str:
        """Which of the accusing e-processes holds most of the averaged evidence."""
        logs = self._logs()
        return max(WEIGHTS, key=lambda name: math.log(WEIGHTS[name]) + logs[name])

    def _logs(self) -> dict[str, float]:
        return {
            "distribution": self.distribution.log_value,
            "choice": self.choice.log_value,
            "sampling": 0.0 if self.sampling is None else self.sampling.log_value,
            "window": self.window.log_value,
            "written": self.written.log_value,
        }

    def _average(self) -> float:
        """Natural log of the weighted average of the accusing e-processes."""
        terms = [math.log(WEIGHTS[name]) + value for name, value in self._logs().items()]
        largest = max(terms)
        return largest + math.log(math.fsum(math.exp(term - largest) for term in terms))

    def _judge(self) -> None:
        self._log_peak = max(self._log_peak, self._average())
        if self._log_peak < self._log_accuse_at:
            return
        self.verdict = "different-model" if self.other_model.rejects(self._alpha) else "deviating"
