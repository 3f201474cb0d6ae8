"""Every fault happens, in time for something to be left that it can hit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.faults import FEW, MANY, plan


@given(seed=st.integers(0, 2**32), runs=st.integers(20, 2000), kinds=st.sampled_from((FEW, MANY)))
def test_each_kind_happens_as_often_as_is_said_within_the_runs(
    seed: int, runs: int, kinds: tuple[str, ...]
) -> None:
    faults = plan(kinds, runs, seed)
    moments = [fault.after for fault in faults]
    assert sorted(fault.what for fault in faults) == sorted(kinds)
    assert moments == sorted(moments)
    assert moments[0] > 0
    assert moments[-1] < runs
    assert faults == plan(kinds, runs, seed)


def test_the_issue_names_fourteen_faults() -> None:
    assert len(MANY) == 14
