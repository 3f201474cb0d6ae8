from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import DETERMINISTIC, positions
from verifier.baseline.model import Context, ContextType
from verifier.checks.base import Position, Token
from verifier.checks.drawn import drawable, factors, place_of, strayed, visible
from verifier.stats import alternatives


def listed(**probabilities: float) -> tuple[Token, ...]:
    return tuple(Token(word.encode(), math.log(p)) for word, p in probabilities.items())


def position(token: str, top: tuple[Token, ...], p: float = 0.01) -> Position:
    return Position(token.encode(), math.log(p), top)


@pytest.mark.parametrize(
    ("token", "top", "astray"),
    [
        ("yes", listed(yes=0.6, no=0.3), False),
        ("no", listed(yes=0.6, no=0.3), True),
        ("no", listed(yes=0.46, no=0.44), False),
        ("else", listed(yes=0.6, no=0.3), True),
        ("no", listed(no=0.3, yes=0.6), True),
        ("yes", (*listed(yes=0.6, no=0.3), Token(b"yes", -9.0)), False),
    ],
    ids=["likeliest", "second", "tie", "unlisted", "unsorted", "twin-down-the-list"],
)
def test_a_greedy_choice_strays_when_it_is_not_the_likeliest_of_its_list(
    token: str, top: tuple[Token, ...], astray: bool
) -> None:
    assert strayed(position(token, top)) is astray


def test_an_unlisted_choice_is_taken_at_its_own_logprob() -> None:
    """Some servers list other spellings of the chosen token; the probability that they give it counts."""
    assert not strayed(position("yes", listed(Yes=0.5, no=0.3), p=0.5))


def context(*top: Token) -> Context:
    return Context("p/0", "p", ContextType.FIRST_TOKEN, "", top)


def test_a_place_where_halves_of_characters_are_likely_is_not_drawn_at() -> None:
    words = listed(yes=0.6, no=0.3)
    assert drawable(context(*words))
    assert drawable(context(*words, Token(b"\xf0\x9f", math.log(0.0015))))
    assert not drawable(context(*words, Token(b"\xf0\x9f", math.log(0.05))))
    assert drawable(context(*words, Token("日本".encode(), math.log(0.05))))


def test_what_is_seen_of_a_list_is_conditioned_on_a_whole_text() -> None:
    end = Token(b"", math.log(0.2))
    assert visible(listed(yes=0.6, no=0.3)) == pytest.approx([0.6, 0.3])
    assert visible((*listed(yes=0.6, no=0.2), end)) == pytest.approx([0.75, 0.25])
    half = Token(b"\xf0\x9f", math.log(0.25))
    assert visible((*listed(yes=0.6, no=0.15), half)) == pytest.approx([0.8, 0.2])
    assert visible((Token(b"", math.log(0.7)), *listed(yes=0.3))) == []


def test_a_draw_is_paid_by_its_place_in_the_list() -> None:
    top = listed(yes=0.5, no=0.2, maybe=0.1)
    probabilities = [0.5, 0.2, 0.1]
    for token, place in (("yes", 0), ("no", 1), ("maybe", 2), ("other", None)):
        assert factors(position(token, top), 3) == pytest.approx(alternatives.factors(probabilities, place))
    assert factors(position("maybe", tuple(reversed(top))), 2) == pytest.approx(
        alternatives.factors([0.5, 0.2], None)
    ), "the k likeliest count, in whatever order the list came"


def test_the_place_is_among_the_tokens_that_are_seen() -> None:
    top = (Token(b"", -1.0), *listed(yes=0.3), Token(b"\xf0", -1.5), *listed(no=0.2))
    seen = [place_of(token, top) for token in (b"yes", b"no", b"", b"\xf0", b"x")]
    assert seen == [0, 1, None, None, None]


@pytest.mark.parametrize(
    "seen",
    [
        position("yes", listed(yes=0.9)),
        position("yes", (Token(b"", math.log(0.8)), *listed(yes=0.1, no=0.1))),
        Position(b"\xf0\x9f", -3.0, listed(yes=0.6, no=0.3)),
        Position(b"\xf0", -3.0, (*listed(yes=0.6, no=0.3), Token(b"\xf0", -3.0))),
        Position("日".encode(), -3.0, listed(yes=0.6, no=0.3)),
        position("yes", ()),
    ],
    ids=["one-token", "an-end-is-likeliest", "half-a-character", "listed-half", "other-script", "no-list"],
)
def test_where_nothing_can_be_said_nothing_is_bet(seen: Position) -> None:
    """An unlisted token of several bytes may have been put together from halves, of which one is listed."""
    assert factors(seen, 20) is None


@DETERMINISTIC
@given(positions, st.integers(0, 20))
def test_no_parsed_position_is_a_crash_or_a_factor_that_is_no_number(seen: Position, k: int) -> None:
    found = factors(seen, k)
    assert found is None or all(0 < factor < math.inf for factor in found.values())
    if seen.top:
        assert strayed(seen) in (True, False)
