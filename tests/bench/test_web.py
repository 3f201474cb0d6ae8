from __future__ import annotations

import pytest

from tests.bench.web import Load, read, shortfalls, summary

SAID = """Running 10s test @ http://127.0.0.1:8000/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    12.31ms    4.02ms  81.11ms   79.32%
    Req/Sec     1.29k   120.11     1.52k    70.00%
  Latency Distribution
     50%   11.80ms
     75%   14.02ms
     90%   17.30ms
     99%   {p99}
  12892 requests in 10.01s, 512.31MB read{more}
Requests/sec:   1287.91
Transfer/sec:     51.18MB
"""
ERRORS = "\n  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx responses: 30"


@pytest.mark.parametrize(("p99", "milliseconds"), [("28.50ms", 28.5), ("1.21s", 1210.0), ("870.00us", 0.87)])
def test_what_wrk_says_is_read(p99: str, milliseconds: float) -> None:
    found = read(SAID.format(p99=p99, more=""))
    assert found.p99 == pytest.approx(milliseconds)
    assert found == Load(1287.91, found.p99, 0)


def test_what_failed_is_counted() -> None:
    assert read(SAID.format(p99="28.50ms", more=ERRORS)).failed == 37


def test_something_else_is_no_measurement() -> None:
    with pytest.raises(ValueError, match="something else"):
        read("unable to connect to 127.0.0.1:8000 Connection refused")


def test_each_figure_that_is_short_is_named() -> None:
    fine = Load(1200.0, 40.0, 0), Load(6000.0, 5.0, 0)
    slow = Load(900.0, 140.0, 1), Load(4000.0, 5.0, 0)
    assert shortfalls({"board": fine, "bare": slow}) == []
    assert len(shortfalls({"board": slow})) == 4


def test_the_last_line_tells_the_worst_of_all_pages_but_the_bare_one() -> None:
    fast, slow = Load(1200.0, 40.0, 0), Load(900.0, 140.0, 1)
    said = summary({"board": (fast, slow), "badge": (slow, fast), "bare": (Load(1.0, 999.0, 9),) * 2})
    assert said == (
        "every page: at least 900 requests a second, 99 % within 140 ms, "
        "900 conditional requests a second, 2 failed"
    )
