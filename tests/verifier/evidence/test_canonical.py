from __future__ import annotations

import hashlib
import json
import math
import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC, texts
from verifier.checks.base import Outcome
from verifier.evidence.canonical import canonical_json, digest, result_text, rounded

numbers = st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@DETERMINISTIC
@given(numbers)
def test_floats_keep_6_significant_digits(number: float) -> None:
    """Second source: decimal arithmetic on the exact value."""
    exact = Decimal(number)
    if number == 0:
        assert rounded(number) == 0.0
        return
    step = Decimal(1).scaleb(exact.adjusted() - 5)
    expected = float((exact / step).quantize(Decimal(1), ROUND_HALF_EVEN) * step)
    assert rounded(number) == expected
    assert rounded(rounded(number)) == rounded(number)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (99.412345678, "99.4123"), (0.1 + 0.2, "0.3"), (2.5e-17, "2.5e-17"), (1234567.8, "1234570.0"),
        (-0.0, "0.0"), (-1e-320, "-1e-320"), (1.0, "1.0"), (7, "7"), (10**20, "1" + 20 * "0"), (True, "true"),
    ],
)  # fmt: skip
def test_one_number_has_one_spelling(number: float, text: str) -> None:
    assert canonical_json(number).decode() == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"a": [1, x]}, lambda x: (x,)])
def test_what_is_no_number_is_refused(number: float, wrap: Any) -> None:
    for publish in (rounded, canonical_json, digest, result_text):
        with pytest.raises(ValueError, match="cannot be published"):
            publish(wrap(number))


@DETERMINISTIC
@given(documents)
def test_the_bytes_are_json_that_says_the_same(document: Any) -> None:
    spelled = canonical_json(document)
    assert json.loads(spelled) == rounded(document)
    assert canonical_json(json.loads(spelled)) == spelled
    assert json.loads(result_text(document)) == rounded(document)
    assert result_text(document).endswith("\n")


@DETERMINISTIC
@given(st.dictionaries(texts, documents, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(document: dict[str, Any], random: Any) -> None:
    shuffled = list(document.items())
    random.shuffle(shuffled)
    assert canonical_json(dict(shuffled)) == canonical_json(document)
    assert result_text(dict(shuffled)) == result_text(document)
    assert digest(dict(shuffled)) == digest(document)


def test_a_difference_beyond_the_sixth_digit_is_none() -> None:
    """Another CPU may sum in another order."""
    assert canonical_json({"tv": 0.012345678}) == canonical_json({"tv": 0.012345678 * (1 + 1e-15)})
    assert canonical_json({"tv": 0.0123457}) != canonical_json({"tv": 0.0123458})


def test_tuples_enums_and_keys_become_plain_json() -> None:
    assert canonical_json({1: (Outcome.PASS, 0.5), "a": {"b": None}}) == b'{"1":["pass",0.5],"a":{"b":null}}'
    assert type(rounded(Outcome.PASS)) is str


def test_the_digest_is_sha256_of_the_bytes() -> None:
    document = {"b": 1, "a": "ü"}
    assert digest(document) == "sha256:" + hashlib.sha256('{"a":"ü","b":1}'.encode()).hexdigest()


def test_a_result_is_laid_out_for_people() -> None:
    assert result_text({"b": [1], "a": "ж"}) == '{\n  "a": "ж",\n  "b": [\n    1\n  ]\n}\n'
    assert not re.search(r"[ \t]\n", result_text({"a": {}, "b": [], "c": {"d": [1, 2]}}))
