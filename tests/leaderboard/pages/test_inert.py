from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages.inert import MAX_MARKS, visible


@given(st.text(st.characters(codec=None), max_size=200))
def test_nothing_invisible_survives(text: str) -> None:
    shown = visible(text, lines=False)
    assert "\n" not in shown
    for character in shown:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.category(character) != "Cf" or character in "\u200c\u200d"
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1b[31m", "a␀b␛[31m"),
        ("safe\u202egnp.exe", "safe[U+202E]gnp.exe"),
        ("zero\u200bwidth\ufeff", "zero[U+200B]width[U+FEFF]"),
        ("half \ud800 a character", "half � a character"),
        ("\x7f\x85", "␡[U+0085]"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("👩\u200d🚀 नमस्ते سلام", "👩\u200d🚀 नमस्ते سلام"),
    ],
)
def test_what_misleads_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_on_one_line() -> None:
    assert visible("a\nb\tc", lines=False) == "a↵b⇥c"
    assert visible("a\nb\tc") == "a\nb\tc"


def test_towers_of_accents_are_cut_down() -> None:
    tower = "e" + "\u0301" * 50 + "x"
    assert visible(tower) == "e" + "\u0301" * MAX_MARKS + "x"


def test_long_texts_say_what_is_missing() -> None:
    assert visible("abcdef", limit=4) == "abcd … (2 more characters)"
    assert visible("abcd", limit=4) == "abcd"
    assert visible(None) == ""
    assert visible(7) == "7"
