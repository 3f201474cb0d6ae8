from __future__ import annotations

from verifier.checks.base import Answer, Position, Token
from verifier.client.keeping import redacted_answer
from verifier.client.redaction import REDACTED, Redactor

KEY = "sk-CANARY-0123456789abcdefghijklmnop"
GONE = REDACTED.encode()


def test_an_answer_without_the_key_is_the_same() -> None:
    answer = Answer(
        " Paris.", (Position(b" Paris", -0.1, (Token(b" Paris", -0.1),)), Position(b".", -0.2)), "stop"
    )

    assert redacted_answer(answer, Redactor(KEY)) == answer


def test_a_key_spelt_over_several_tokens_is_gone_from_all_of_them() -> None:
    pieces = ["it is ", KEY[:5], KEY[5:9], KEY[9:30], KEY[30:], " indeed"]
    answer = Answer("".join(pieces), tuple(Position(piece.encode(), -0.1) for piece in pieces))

    kept = redacted_answer(answer, Redactor(KEY))

    assert kept.text == f"it is {REDACTED} indeed"
    assert kept.positions is not None
    assert [position.token for position in kept.positions] == [b"it is ", GONE, GONE, GONE, GONE, b" indeed"]


def test_alternatives_and_labels_are_searched_too() -> None:
    answer = Answer(
        "a", (Position(b"a", -1, (Token(KEY.encode(), -1), Token(b"b", -2))),), KEY, 1, 1, f"m-{KEY}", KEY
    )

    kept = redacted_answer(answer, Redactor(KEY))

    assert kept.positions == (Position(b"a", -1, (Token(GONE, -1), Token(b"b", -2))),)
    assert (kept.finish_reason, kept.model, kept.system_fingerprint) == (REDACTED, f"m-{REDACTED}", REDACTED)


def test_tokens_that_are_no_text_are_kept() -> None:
    answer = Answer("€", (Position(b"\xe2\x82", -1, (Token(b"\xff" * 9, -1),)), Position(b"\xac", -1)))

    assert redacted_answer(answer, Redactor(KEY)) == answer
