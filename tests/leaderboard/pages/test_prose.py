from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.pages.prose import Piece, blocks, pieces

DOCSTRING = """Does it hold?

    A paragraph over
    two lines, with `code` and *stress*.

    - one item
    - another, which
      goes on
    The end.
    """


def texts(line: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in line)


def test_paragraphs_and_lists() -> None:
    found = blocks(DOCSTRING)
    assert [(block.kind, [texts(line) for line in block.lines]) for block in found] == [
        ("paragraph", ["Does it hold?"]),
        ("paragraph", ["A paragraph over two lines, with code and stress."]),
        ("list", ["one item", "another, which goes on"]),
        ("paragraph", ["The end."]),
    ]
    assert {piece.kind for piece in found[1].lines[0]} == {"text", "code", "emphasis"}


def test_items_apart_are_one_list() -> None:
    (found,) = blocks("- one\n\n- two")
    assert [texts(line) for line in found.lines] == ["one", "two"]


def test_nothing_gives_nothing() -> None:
    assert blocks(None) == blocks("  \n ") == ()


def test_formulas_are_not_emphasis() -> None:
    for text in ("a * b * c", "2*x*y", "**bold**", "delta = MARGIN * worst"):
        assert pieces(text) == (Piece("text", text),)


def test_markup_stays_text() -> None:
    assert pieces("`<b>` and <i>") == (Piece("code", "<b>"), Piece("text", " and <i>"))
    assert pieces("``a`b``") == (Piece("code", "a`b"),)


def test_quotation_marks_are_a_printers() -> None:
    assert texts(pieces('never "the same", the weights\' own')) == "never “the same”, the weights’ own"
    assert pieces("`'x'`") == (Piece("code", "'x'"),)


@given(st.text("ab `*-\n\"'", max_size=60))
def test_no_word_is_lost(text: str) -> None:
    shown = "".join(texts(line) for block in blocks(text) for line in block.lines)
    assert [c for c in shown if c in "ab"] == [c for c in text if c in "ab"]
