from __future__ import annotations

from typing import Any

import pytest

from leaderboard.pages import numbers
from leaderboard.pages.details import CHECKS, lines, nats, points
from tests.verifier.small_world import INT4, verify, wide
from tests.verifier.synthetic import Synthetic
from verifier.checks.registry import discover


def shown(check: str, details: dict[str, Any]) -> dict[str, str]:
    return {line.name: line.value.replace(numbers.THIN, " ") for line in lines(check, details)}


def test_deviations_are_told_in_points_and_logarithms_in_nats() -> None:
    values = [points(x).replace(numbers.THIN, " ") for x in (0.1567, 0.00461, 0.0, 0.00001)]
    assert values == ["16 points", "0.46 points", "0.00 points", "0.0010 points"]
    assert nats(0.074).replace(numbers.THIN, " ") == "0.074 nats"
    assert (points(None), nats(None)) == (numbers.NONE, numbers.NONE)


@pytest.mark.parametrize(
    ("check", "details", "expected"),
    [
        (
            "prompt_tokens",
            {"differences": [[12, 3], [13, 60]], "most_common": 13},
            {"difference from the official count": "+12 in 3, +13 in 60"},
        ),
        (
            "sampling",
            {
                "e_value": 5400.0,
                "pit_distance": 0.2,
                "alternatives": {"top-p": 0.62, "min-p": 0.38, "acceptance": 0.001},
                "likeliest": "top-p 0.9",
            },
            {
                "e-value": "5 400",
                "likeliest override": "top-p 0.9",
                "weight of each kind": "top-p 62 %, min-p 38 %",
            },
        ),
        (
            "sampling",
            {"e_value": 1.0, "alternatives": {"top-p": 0.62}, "likeliest": "top-p 0.9"},
            {"e-value": "1"},
        ),
        (
            "context_window",
            {"e_value": 120.0, "deviation": 0.4, "delta": 0.01, "prompt_tokens": [[512, 900]]},
            {
                "mean deviation": "40 points",
                "honest deployments": "up to 1.0 points",
                "prompt tokens counted": "512 of 900",
                "e-value": "120",
            },
        ),
        (
            "capabilities",
            {"top_logprobs": 20, "prefix_style": None, "whole_sampling": False, "completion_tokens": 1},
            {
                "pinned answers": "not continued",
                "draws from its whole distribution": "refused",
                "asked with": "1 token",
            },
        ),
        (
            "greedy_choice",
            {"strayed": 3, "smallest_probability": 0.012, "e_value": 40.0},
            {"strayed": "3", "least likely of them": "0.012", "e-value": "40"},
        ),
        (
            "written_tokens",
            {"smallest_probability": 0.215, "e_value": 1583.0, "strayed": 4},
            {"strayed": "4", "least likely of them": "0.215", "e-value": "1 600"},
        ),
    ],
)
def test_details_in_words(check: str, details: dict[str, Any], expected: dict[str, str]) -> None:
    assert shown(check, details) == expected


def test_what_is_not_known_shows_its_plain_values() -> None:
    details = {"size_of_it": 0.12345, "word": "so", "deep": {"x": 1}, "flag": True, "explains": {"name": "x"}}
    assert shown("a_check_of_tomorrow", details) == {"size of it": "0.123", "word": "so"}


def test_every_detail_of_a_real_result_can_be_read() -> None:
    result = verify(Synthetic(noise=INT4, stack="cache"), baseline=wide(), seed=3)
    said = {found["check"]: shown(found["check"], found["details"]) for found in result["findings"]}
    assert set(CHECKS) - {"weights"} <= {check.name for check, _ in discover()}
    assert said["nearest_variant"]["nearest"] == "cache"
    assert said["token_distribution"]["mean deviation"].endswith("points")
    assert "hidden prompts deviate by" in said["pool_gap"]
    assert said["raw_text"].keys() == {"deviation as raw text", "in chat", "honest deployments"}
    for values in said.values():
        assert not any(sign in value for value in values.values() for sign in "{[")
    assert shown("token_distribution", {}) == {}
