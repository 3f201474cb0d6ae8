from __future__ import annotations

import pytest

from tests.bench.runner import bench


def test_every_way_gets_every_answer_and_ours_stores_it(capsys: pytest.CaptureFixture[str]) -> None:
    of_bare, of_sdk = bench(requests=80, concurrency=16, rounds=1)
    assert of_bare > 0
    assert of_sdk > 0
    assert capsys.readouterr().out.startswith("requests/s: ours ")
