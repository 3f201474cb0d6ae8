"""What the verifier says in English of an address, a proof or a run, in the language of the page.

It stays English where it is stored and where programs are told.
"""

from __future__ import annotations

import re

from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from leaderboard import languages
from leaderboard.pages.sentences import Sentences

FORMS = (
    noop("%(url)s was not fetched: %(said)s"),
    noop("Expected an address like https://api.example.com/v1."),
    noop("The URL is empty."),
    noop("The URL is %(n)s characters long; at most %(most)s are taken."),
    noop("The URL holds a space or a control character (%(sign)s)."),
    noop(
        "The URL holds the character %(sign)s, which parsers read differently; "
        "write an international name in its xn-- form."
    ),
    noop("The URL holds a backslash, which parsers read differently."),
    noop("The scheme is not followed by //."),
    noop("The scheme %(scheme)s is not taken; only https is."),
    noop("The URL does not begin with https://."),
    noop("The URL names no host."),
    noop("The URL holds a user name before the host; give keys separately, never in the URL."),
    noop("The host holds a percent sign: escapes and scopes are not taken in a host."),
    noop("The URL holds a query or a fragment; a base URL has neither."),
    noop("An IPv6 address stands in brackets: %(address)s."),
    noop("The port %(port)s is not a number from 1 to 65535."),
    noop("Port %(port)s does not exist: ports go from 1 to 65535."),
    noop("The host %(host)s is neither a name nor an address."),
    noop("The host %(host)s is not a valid name."),
    noop("The host %(host)s is no IPv4 address as usually written, like 8.8.8.8."),
    noop("The host ends in a dot; write it without."),
    noop("The path holds characters a base URL does not have."),
    noop("Plain http is not taken for %(host)s; use https."),
    noop("Port %(port)s belongs to another service; below 1024 only 80 and 443 are taken."),
    noop("Port %(port)s belongs to %(service)s, not to a web server."),
    noop("%(host)s is a name of a local network; use a full public name."),
    noop("%(host)s is a name of an internal network, not a public one."),
    noop("%(host)s is this machine itself."),
    noop("%(host)s resolves to %(address)s, which is not a public address (%(kind)s)."),
    noop("%(address)s is not a public address (%(kind)s)."),
    noop("The name %(host)s did not resolve within %(seconds)s s."),
    noop("The name %(host)s does not resolve."),
    noop("The name %(host)s has no address."),
    noop("This deployment is a reference or calibrates, so it can't be judged as well."),
    noop("An API key is printable ASCII text without spaces."),
    noop("%(url)s did not answer within %(seconds)s s."),
    noop("%(url)s redirects to %(target)s; give the final address."),
    noop("%(url)s answers HTTP %(status)s."),
    noop("%(url)s answers, but with another text than the one it should hold."),
    noop("The connection was not established in time."),
    noop("The certificate is not valid: %(why)s."),
    noop("The DNS did not answer: %(why)s."),
    noop("%(name)s has no TXT record."),
    noop("%(name)s has %(n)s TXT records, none of them ours."),
    noop("%(model)s has no ready baseline."),
    noop("Record one first."),
    noop("A run of %(endpoint)s is already queued or running."),
    noop("The submission of %(endpoint)s is %(now)s and can't become %(to)s"),
)
"""Those that people who submit an endpoint are shown, a more special one before one that it also is."""
SAID_THEMSELVES = {"said", "now", "to"}
"""Places that hold what is translated too."""


def translated(text: str) -> str:
    """Words or sentences of ours in the language of the page, marked as English where they have no other."""
    if languages.current() == languages.ENGLISH or not text:
        return text
    if (whole := gettext(text)) != text:
        return whole
    told = (conditional_escape(_SENTENCES.told(one)) for one in re.split(r"(?<=\.) ", text))
    return mark_safe(" ".join(told))


def _filled(name: str, value: str) -> str:
    return translated(value) if name in SAID_THEMSELVES else value


_SENTENCES = Sentences(FORMS, _filled)
