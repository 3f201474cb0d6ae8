from __future__ import annotations

import base64
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.client.redaction import MAX_DETAIL, REDACTED, Redactor

KEY = "sk-CANARY-0123456789abcdefghijklmnop+/=?"
PLAIN = "7f3c9b1e5a8d42c6b0f1e2d3c4b5a697"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "url": lambda key: quote(key, safe=""),
    "hexadecimal": lambda key: key.encode().hex(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 in a header": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "base64 as a user name": lambda key: base64.b64encode(f"{key}:".encode()).decode(),
    "base64 as a password": lambda key: base64.urlsafe_b64encode(f"u:{key}".encode()).decode(),
    "first half": lambda key: key[: len(key) // 2],
    "last half": lambda key: key[len(key) // 2 :],
    "bearer": lambda key: f"Bearer {key}",
    "bearer, lower case": lambda key: f"authorization: bearer {key}",
}


@pytest.mark.parametrize("key", [KEY, PLAIN])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_key_is_found_in_each_spelling(key: str, spelling: str) -> None:
    spelt = SPELLINGS[spelling](key)

    redacted = Redactor(key)(f"it was <{spelt}> again <{spelt}>")

    assert spelt not in redacted
    assert redacted.count(REDACTED) == 2
    assert redacted.startswith("it was <")


@pytest.mark.parametrize(
    ("key", "starred"),
    [(KEY, "sk-CANARY********mnop"), (PLAIN, "7f3c9b1e********a697"), (None, "gsk_ABCD***WXYZ")],
)
def test_a_starred_out_key_is_gone_from_a_detail(key: str | None, starred: str) -> None:
    detail = Redactor(key).detail(f"Incorrect API key provided: {starred}. See the docs.")

    assert detail == f"Incorrect API key provided: {REDACTED}. See the docs."


@given(st.text(), st.text(), st.sampled_from([KEY, PLAIN]))
def test_a_key_never_comes_through(before: str, after: str, key: str) -> None:
    assert key not in Redactor(key)(before + key + after)
    assert key[:20] not in Redactor(key)(before + key[:20] + after)


@given(st.text(alphabet=KEY))
def test_no_long_piece_comes_through(text: str) -> None:
    redacted = Redactor(KEY)(text + KEY)

    assert not [KEY[i : i + 16] for i in range(len(KEY) - 16) if KEY[i : i + 16] in redacted]


@given(st.text())
def test_other_text_is_left_alone(text: str) -> None:
    text = text.replace("sk-", "").replace("earer", "")
    if not any(KEY[i : i + 8].lower() in text.lower() for i in range(len(KEY) - 8)):
        assert Redactor(KEY)(text) == text


@pytest.mark.parametrize(
    "text",
    ["import hf_hub_download", "sk-learn", "a bearer of news", "Bearer YOUR_KEY", "the EMPTY set", "none"],
)
@pytest.mark.parametrize("key", [None, "", "none", "EMPTY", "short", KEY])
def test_what_models_write_is_left_alone(text: str, key: str | None) -> None:
    assert Redactor(key)(text) == text


@pytest.mark.parametrize(
    "text", ["sk-proj-abcdefghijklmnop1234", "Authorization: Bearer abcdefghij0123456789"]
)
def test_somebody_elses_key_is_a_key_too(text: str) -> None:
    assert REDACTED in Redactor(None)(text)


@given(st.text())
def test_a_detail_is_one_printable_line(text: str) -> None:
    detail = Redactor(KEY).detail(text)

    assert len(detail) <= MAX_DETAIL
    assert detail.isprintable()


@pytest.mark.parametrize("neighbour", ["İ", "ß", "\u0130" * 5, "Ⅷ", "ﬃ"])
def test_letters_whose_case_changes_their_length_hide_nothing(neighbour: str) -> None:
    assert Redactor(KEY)(f"{neighbour}{KEY.upper()}{neighbour}") == f"{neighbour}{REDACTED}{neighbour}"


@given(st.integers(0, 30), st.integers(8, 40))
def test_any_piece_of_eight_is_gone(start: int, length: int) -> None:
    piece = KEY[start : start + length]

    assert len(piece) < 8 or piece not in Redactor(KEY)(f"<{piece}>")


@pytest.mark.parametrize("echo", [KEY, KEY[1:-1], KEY[:9], KEY[7:20] + "x"])
def test_a_key_sent_many_times_takes_no_longer_to_remove(echo: str) -> None:
    began = time.process_time()
    redacted = Redactor(KEY)(echo * (2**20 // len(echo)))

    assert echo[:9] not in redacted
    assert time.process_time() - began < 2


def test_a_short_key_is_gone_from_errors_only() -> None:
    assert Redactor("abc12")("abc12") == "abc12"
    assert Redactor("abc12").detail("bad key abc12") == f"bad key {REDACTED}"


def test_it_shows_nothing_itself() -> None:
    assert repr(Redactor(KEY)) == "Redactor()"
