"""Where the site is served; that it is, is seen in tests/functional."""

from __future__ import annotations

import pytest

from leaderboard.web_server import where


def test_where_is_said_by_variables_that_have_defaults() -> None:
    assert where({}) == ("127.0.0.1", 8000, 2)
    assert where({"WEB_BIND": "0.0.0.0", "PORT": "80", "WEB_CONCURRENCY": ""}) == ("0.0.0.0", 80, 2)


@pytest.mark.parametrize("wrong", [{"PORT": "http"}, {"PORT": "-1"}, {"WEB_CONCURRENCY": "0"}])
def test_what_is_no_number_is_refused_with_a_reason(wrong: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match="are numbers, not"):
        where(wrong)
