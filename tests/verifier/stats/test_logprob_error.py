from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC
from verifier.stats.logprob_error import rms_dlogp

lists = st.dictionaries(st.binary(max_size=1), st.floats(-100, 0), max_size=8)


@DETERMINISTIC
@given(lists, lists)
def test_it_is_the_root_mean_square_over_the_shared_tokens(
    q: dict[bytes, float], p: dict[bytes, float]
) -> None:
    shared = sorted(q.keys() & p.keys())
    if not shared:
        assert rms_dlogp(q, p) is None
        return
    differences = np.array([q[token] for token in shared]) - np.array([p[token] for token in shared])
    assert rms_dlogp(q, p) == pytest.approx(np.linalg.norm(differences) / np.sqrt(len(shared)))
    assert rms_dlogp(q, p) == pytest.approx(rms_dlogp(p, q))


def test_a_constant_shift_is_its_own_error() -> None:
    q = {b"a": -1.0, b"b": -2.0}
    assert rms_dlogp(q, {token: x - 0.25 for token, x in q.items()}) == pytest.approx(0.25)
    assert rms_dlogp(q, q) == 0.0
