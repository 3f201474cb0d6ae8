"""What the check of a certificate answers, in the language of the page.

verifier.certificate is one file that needs nothing, no catalogue either.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from leaderboard import languages
from leaderboard.pages import inert, words
from leaderboard.pages.dates import day, minute
from leaderboard.pages.sentences import Sentences, english

MOST, MOST_OF_A_ROW = 600, 400
FORMS = (
    noop("It is signed, in the log, and valid until %(day)s."),
    noop("It was valid until %(day)s."),
    noop("It is valid from %(day)s only."),
    noop("Whether it was suspended or revoked since was not looked up."),
    noop("%(state)s since %(moment)s: %(why)s."),
    noop("%(state)s since %(moment)s."),
    noop("It is not signed with any of the published keys."),
    noop("The signature does not fit: it was changed after signing."),
    noop("Its key was withdrawn: nothing signed with it counts any more."),
    noop("It is signed with a key that was not in use when it was issued."),
    noop("It brings no proof that it is in the transparency log."),
    noop("The log's entry is of something else."),
    noop("The log's entry says that it no longer stands."),
    noop("The proof does not lead from its entry to the log's checkpoint."),
    noop("The log's checkpoint is no signed note."),
    noop("The log's checkpoint has a malformed signature line."),
    noop("The signature of the log's checkpoint does not fit."),
    noop("The log's checkpoint is not signed with any of the published keys."),
    noop("The log's checkpoint does not name this log and its size."),
    noop("The log's checkpoint has no root of 32 bytes."),
    noop("It has no payload, payloadType or signatures: this is no certificate."),
    noop("A signature does not name its key."),
    noop("Its payload is no in-toto statement."),
    noop("It is a statement of another kind."),
    noop("The statement has no predicate."),
    noop("The statement does not say when it begins and ends."),
    noop("The status does not say what it is of."),
    noop("The status is that of another certificate."),
    noop("%(what)s is larger than %(size)s MB: it was not read."),
    noop("%(what)s is not whole JSON: %(why)s."),
    noop("%(what)s is not a JSON object."),
    noop("%(what)s is not base64."),
    noop("%(what)s is not base64 as it is written canonically."),
    noop("The form did not arrive whole."),
    noop("No certificate of this name is public here."),
)
PARTS = (
    noop("It"),
    noop("The certificate"),
    noop("The statement"),
    noop("The status"),
    noop("The log's entry"),
    noop("The log's proof"),
    noop("The checkpoint's root"),
    noop("The checkpoint's signature"),
    noop("A signature"),
    noop("The payload"),
)
"""What may stand in the place of `what`."""
SPELLED = {"state": r"\w+", "moment": r"\S+"}
"""How places look that hold no text of others."""
ROWS = (
    noop("attested by"),
    noop("of"),
    noop("endpoint"),
    noop("weights"),
    noop("verdict"),
    noop("grade"),
    noop("fidelity"),
    noop("evidence level"),
    noop("declaration"),
    noop("measured"),
    noop("issued"),
    noop("valid until"),
    noop("private runs before"),
    noop("versions"),
    noop("baseline"),
    noop("evidence"),
)
"""What verifier.evidence.attested calls the parts of a statement."""


def told(sentence: str) -> str:
    """A sentence of the check. One that is not known stays English and is marked so."""
    return _SENTENCES.told(inert.visible(sentence, lines=False, limit=MOST))


def row(name: str) -> str:
    """The name of a part of a statement."""
    return gettext(name) if name in ROWS else name


def value(name: str, text: str) -> str:
    """What a statement says there, as it was signed; a verdict is a word of ours."""
    if name == "verdict" and text in words.VERDICTS and languages.current() != languages.ENGLISH:
        return words.verdict(text).word
    return english(inert.visible(text, lines=False, limit=MOST_OF_A_ROW))


def _filled(name: str, text: str) -> str:
    match name:
        case "day" | "moment":
            return _dated(name, text)
        case "what":
            return gettext(text) if text in PARTS else text
        case "state":
            return words.certificate(text.lower())
        case _:
            return english(text) if name == "why" else text


def _dated(name: str, text: str) -> str:
    try:
        if name == "moment":
            return minute(datetime.fromisoformat(text))
        return day(datetime.strptime(text, "%d %B %Y").replace(tzinfo=UTC))
    except ValueError:
        return text


_SENTENCES = Sentences(FORMS, _filled, SPELLED)
