from __future__ import annotations

import pytest

from tests.verifier.small_world import HONEST, INT4, INT8, SUITE, baseline, recorded
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.freshness import CONTEXTS, StaleBaseline, confirm


def test_the_same_reference_is_confirmed_with_few_requests() -> None:
    reference = Synthetic()
    assert converse(confirm(baseline(), SUITE), reference) == 0.0
    assert len(reference.asked) == CONTEXTS
    assert len({probe.key.partition("/")[0] for probe in reference.asked}) > CONTEXTS / 2


@pytest.mark.parametrize("known", [recorded, baseline])
def test_an_honest_stray_is_confirmed(known: object) -> None:
    assert callable(known)
    assert 0 < converse(confirm(known(), SUITE), Synthetic(noise=HONEST, stack="later")) < 0.006


@pytest.mark.parametrize(
    "changed",
    [
        Synthetic(noise=INT8, stack="x"),
        Synthetic(noise=INT4),
        Synthetic(hidden_prompt=True),
        Synthetic(other_vocabulary=True),
        Synthetic(lists_at_most=20, continues=None),
    ],
)
def test_a_reference_that_has_changed_is_stale(changed: Synthetic) -> None:
    with pytest.raises(
        StaleBaseline, match=r"points from the baseline, more than .*record the baseline again"
    ):
        converse(confirm(baseline(), SUITE), changed)


@pytest.mark.parametrize(
    ("silent", "why"),
    [
        (Synthetic(dies_after=0), "The toy says unreachable"),
        (Synthetic(logprobs=False), "its answers carry no usable top_logprobs"),
        (Synthetic(dies_after=7), "The toy says unreachable"),
    ],
)
def test_a_reference_that_does_not_answer_confirms_nothing(silent: Synthetic, why: str) -> None:
    with pytest.raises(StaleBaseline, match=rf"answered \d of 16 contexts usably: {why}"):
        converse(confirm(baseline(), SUITE), silent)


def test_a_few_failures_do_not_matter() -> None:
    assert converse(confirm(baseline(), SUITE), Synthetic(fails=0.3)) == 0.0
