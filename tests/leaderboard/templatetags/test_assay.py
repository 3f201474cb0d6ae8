from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.template import Context, Template

from leaderboard.pages import words

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rendered(source: str, **context: object) -> str:
    return Template("{% load assay %}" + source).render(Context(context))


def test_strangers_texts_are_escaped_and_made_visible() -> None:
    text = "<b>\u202e</b>\n"
    assert rendered("{{ t|visible }}", t=text) == "&lt;b&gt;[U+202E]&lt;/b&gt;\n"
    assert rendered("{{ t|line }}", t=text) == "&lt;b&gt;[U+202E]&lt;/b&gt;↵"
    assert rendered("{{ t|line:3 }}", t="abcdef") == "abc … (3 more characters)"


def test_numbers() -> None:
    assert rendered("{{ n|whole }}|{{ n|fixed:2 }}|{{ p|probability }}", n=-1234.5, p=None) == (
        "−1\u202f234|−1\u202f234.50|–"
    )
    assert rendered("{{ d|at:'a' }}", d={"a": 7}) == "7"
    assert rendered("{{ 2|lifted:13 }}") == "-26"


def test_a_moment_has_its_exact_time() -> None:
    shown = rendered("{% moment then now %}", then=NOW - timedelta(hours=3), now=NOW)
    assert 'datetime="2026-11-23T09:00:00+00:00"' in shown
    assert 'title="23 November 2026, 09:00 UTC"' in shown
    assert "3\u202fh ago" in shown
    assert rendered("{{ then|ago:now }}", then=NOW, now=NOW) == "just now"


def test_shapes_are_drawn_beside_their_words_and_not_read_aloud() -> None:
    for term in words.VERDICTS.values():
        shown = rendered("{% shape term %}", term=term)
        assert 'aria-hidden="true"' in shown
        assert f'class="shape {term.tone}"' in shown
    assert rendered("{% shape term %}", term=words.NOT_YET).strip() == ""
