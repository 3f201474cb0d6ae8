"""The Chinese catalogue is whole, in step with the sources, and in step with its compiled form."""

from __future__ import annotations

from tests.leaderboard import catalogue

PO, MO = catalogue.LOCALE / "django.po", catalogue.LOCALE / "django.mo"


def test_every_message_of_the_sources_is_translated_and_no_other() -> None:
    found = {entry.message: entry for entry in catalogue.entries(PO)}
    asked = catalogue.asked()
    assert len(asked) > 200
    missing = {message: path for message, path in asked.items() if message not in found}
    assert missing == {}, f"append each to {PO.name} with its Chinese, then compile it with msgfmt"
    unused = [message for message in found if message not in asked]
    assert unused == [], f"nothing asks for these any more: take them out of {PO.name}, or put them right"
    assert [message for message, entry in found.items() if entry.fuzzy or not entry.translated] == []


def test_what_the_methodology_page_takes_from_sources_is_asked_for() -> None:
    asked = catalogue.asked()
    for text, path in (
        (
            "Does the endpoint predict the next tokens that the official weights predict?",
            "token_distribution.py",
        ),
        ("Verdicts that say an endpoint does not serve the released weights.", "policy.py"),
        ("another checkpoint", "error_budget.json"),
    ):
        assert asked[catalogue.Message("", text)].endswith(path)


def test_no_message_stands_twice() -> None:
    messages = [entry.message for entry in catalogue.entries(PO)]
    assert len(messages) == len(set(messages))


def test_places_are_the_same_on_both_sides() -> None:
    for entry in catalogue.entries(PO):
        wanted = catalogue.places(entry.message.plural or entry.message.text)
        assert catalogue.places(entry.translated) == wanted, entry.message
        assert catalogue.places(entry.message.text) <= wanted, entry.message


def test_the_compiled_catalogue_says_what_the_readable_one_does() -> None:
    readable = {(one.message.context, one.message.text): one.translated for one in catalogue.entries(PO)}
    assert catalogue.compiled(MO) == readable
