from __future__ import annotations

from django.utils import translation

from leaderboard import languages
from leaderboard.pages.sentences import Sentences, english, quoted

KNOWN = Sentences(
    ("%(what)s is larger than %(size)s MB: it was not read.", "%(what)s & %(size)s"),
    lambda name, value: value.upper() if name == "what" else value,
    {"size": r"\d+"},
)


def test_a_known_sentence_is_told_with_what_stands_in_its_places_and_none_is_markup() -> None:
    with translation.override(languages.CHINESE):
        assert KNOWN.told("<b>\nit is larger than 3 MB: it was not read.").startswith("&lt;B&gt;\nIT")
        assert "3" in KNOWN.told("It is larger than 3 MB: it was not read.")
        assert KNOWN.told("a & 1") == "A &amp; 1"


def test_what_is_not_known_is_marked_as_english_unless_it_is_chinese() -> None:
    with translation.override(languages.CHINESE):
        for unknown in ("It is larger than three MB: it was not read.", "a & b", "a & 1 too"):
            assert KNOWN.told(unknown) == english(unknown)
        assert english("a & b") == '<span lang="en">a &amp; b</span>'
        assert quoted("忠实") == KNOWN.told("忠实") == "忠实"


def test_an_english_page_has_everything_as_it_was_said() -> None:
    for text in ("a & 1", "a & b", "忠实"):
        assert KNOWN.told(text) == english(text) == quoted(text) == text
