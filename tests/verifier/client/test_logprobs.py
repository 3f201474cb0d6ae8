from __future__ import annotations

import math
from typing import Any

import pytest

from tests.verifier.client.hostile import entry
from verifier.checks.base import Position, Token
from verifier.client.faults import Failure
from verifier.client.logprobs import positions, read_rows


def read(logprobs: Any) -> tuple[Position, ...] | None:
    rows = read_rows(logprobs)
    return None if rows is None else positions(rows)


@pytest.mark.parametrize(
    "logprobs", [None, {}, {"content": None}, {"tokens": None}, {"content": None, "refusal": None}]
)
def test_no_logprobs_are_none(logprobs: Any) -> None:
    assert read(logprobs) is None


def test_logprobs_for_no_token_are_an_empty_list() -> None:
    assert read({"content": []}) == ()


def test_the_list_is_sorted_and_what_is_no_probability_dropped() -> None:
    top = [("a", -5), ("b", -0.5), ("c", -9999.0), ("d", -12000), ("e", None), ("f", -9998.9)]
    listed = [{"token": token, "logprob": logprob} for token, logprob in top]

    (position,) = read({"content": [entry(top_logprobs=listed)]}) or ()

    assert [token.token for token in position.top] == [b"b", b"a", b"f"]


def test_ties_keep_the_order_of_the_server() -> None:
    listed = [{"token": token, "logprob": -1} for token in "cab"]

    (position,) = read({"content": [entry(top_logprobs=listed)]}) or ()

    assert [token.token for token in position.top] == [b"c", b"a", b"b"]


def test_a_generated_token_keeps_even_a_sentinel() -> None:
    (position,) = read({"content": [entry(logprob=-9999.0)]}) or ()

    assert position.logprob == -9999.0
    assert position.top == (Token(b" Rome", -3.0),)


@pytest.mark.parametrize("logprob", [0, 1e-5, 9.9e-5, -0.0])
def test_rounding_above_zero_is_zero(logprob: float) -> None:
    (position,) = read({"content": [entry(logprob=logprob)]}) or ()

    assert position.logprob == 0.0


@pytest.mark.parametrize("logprob", [1.1e-4, 0.5, 3])
def test_more_than_rounding_above_zero_is_malformed(logprob: float) -> None:
    with pytest.raises(Failure, match="never above 0"):
        read({"content": [entry(logprob=logprob)]})


@pytest.mark.parametrize("logprob", [math.nan, math.inf])
def test_no_number_that_is_none_comes_through(logprob: float) -> None:
    with pytest.raises(Failure):
        read({"content": [entry(logprob=logprob)]})


def test_bytes_are_the_identity() -> None:
    pair = [entry("�", bytes=[0xE2, 0x82]), entry("�", bytes=[0xAC])]

    first, second = read({"content": pair}) or ()

    assert first.token + second.token == "€".encode()


def test_marks_are_undone_where_there_are_no_bytes() -> None:
    listed = [{"token": token, "logprob": -1} for token in ("ĠParis", "Ċ", "<|im_end|>", "Ãł")]

    (position,) = read({"content": [{"token": "ĠRome", "logprob": -1, "top_logprobs": listed}]}) or ()

    assert position.token == b" Rome"
    assert {token.token for token in position.top} == {b" Paris", b"\n", b"<|im_end|>", "à".encode()}


def test_decoded_text_is_left_alone() -> None:
    listed = [{"token": token, "logprob": -1} for token in (" Paris", "Ġ", "Ãł", "ł")]

    (position,) = read({"content": [{"token": " Rome", "logprob": -1, "top_logprobs": listed}]}) or ()

    assert {token.token.decode() for token in position.top} == {" Paris", "Ġ", "Ãł", "ł"}
