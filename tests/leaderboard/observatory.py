"""What the MDN HTTP Observatory makes of a page: its published tests and score modifiers, computed here.

Source: https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring, and the modifiers of version
1.4 (github.com/mdn/mdn-http-observatory, src/grader/charts.js). The list of sites whose HSTS is built into
browsers is not asked: nobody is given its 5 points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from http.cookies import Morsel
from urllib.parse import urlsplit

from django.http import HttpResponse

BASELINE, EXTRA_CREDIT_FROM = 100, 90
HALF_A_YEAR = 15768000
BROAD = frozenset(("ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"))
INLINE = frozenset(("'unsafe-inline'", "data:"))
PRIVATE = frozenset(("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"))
TOLD = frozenset(("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"))

Policy = Mapping[str, frozenset[str]]


def modifiers(page: HttpResponse, redirect: HttpResponse) -> dict[str, int]:
    """By test: what it adds or takes away. `page` is the answer over https to a request with an Origin,
    `redirect` what the same address answers over http.
    """
    return {name: test(page, redirect) for name, test in TESTS.items()}


def score(found: Mapping[str, int]) -> int:
    """The published two rounds: penalties first; bonuses where 90 points are left."""
    left = max(0, BASELINE + sum(value for value in found.values() if value < 0))
    bonuses = sum(value for value in found.values() if value > 0)
    return left + bonuses if left >= EXTRA_CREDIT_FROM else left


def policy_of(page: HttpResponse) -> Policy:
    """Sources by directive of the content security policy; of a directive given twice the first counts."""
    found: dict[str, frozenset[str]] = {}
    for part in page.get("Content-Security-Policy", "").split(";"):
        name, *sources = part.split() or [""]
        if name:
            found.setdefault(name.lower(), frozenset(sources))
    return found


def _csp(page: HttpResponse, _: HttpResponse) -> int:
    policy = policy_of(page)
    if not policy:
        return -25
    default = policy.get("default-src", frozenset("*"))
    scripts, styles = policy.get("script-src", default), policy.get("style-src", default)
    passive = {"img-src", "media-src"}
    active = {s for name, sources in policy.items() if name not in passive for s in sources}
    seen = {s for name in passive for s in policy.get(name, default)}
    if scripts & (BROAD | INLINE) or policy.get("object-src", default) & BROAD:
        return -20
    if any(source.startswith(("http:", "ftp:")) for source in active):
        return -20
    if "'unsafe-eval'" in scripts | styles or any(s.startswith(("http:", "ftp:")) for s in seen):
        return -10
    if styles & (BROAD | INLINE):
        return 0
    return 10 if default == {"'none'"} else 5


def _cookies(page: HttpResponse, _: HttpResponse) -> int:
    if not page.cookies:
        return 0
    return min(_cookie(name, morsel, _hsts(page, page) == 0) for name, morsel in page.cookies.items())


def _cookie(name: str, morsel: Morsel[str], hsts: bool) -> int:
    session = any(word in name.lower() for word in ("login", "sess"))
    same_site = morsel["samesite"].lower()
    if session and not morsel["secure"] and not hsts:
        return -40
    if session and not morsel["httponly"]:
        return -30
    if (same_site and same_site not in ("lax", "strict")) or ("csrf" in name.lower() and not same_site):
        return -20
    if not morsel["secure"]:
        return (-10 if session else -5) if hsts else -20
    return 5 if same_site else 0


def _sharing(page: HttpResponse, _: HttpResponse) -> int:
    allowed = page.get("Access-Control-Allow-Origin", "")
    with_credentials = page.get("Access-Control-Allow-Credentials", "").lower() == "true"
    return -50 if allowed not in ("", "*") and with_credentials else 0


def _redirection(_: HttpResponse, redirect: HttpResponse) -> int:
    if redirect.status_code not in (301, 302, 303, 307, 308):
        return -20
    to, host = urlsplit(redirect["Location"]), redirect.wsgi_request.get_host()  # type: ignore[attr-defined]
    if to.scheme != "https":
        return -20
    return 0 if to.netloc == host else -5


def _referrer(page: HttpResponse, _: HttpResponse) -> int:
    given = page.get("Referrer-Policy", "")
    known = [word.strip().lower() for word in given.split(",") if word.strip().lower() in PRIVATE | TOLD]
    if not given:
        return 0
    return 5 if known and known[-1] in PRIVATE else -5


def _hsts(page: HttpResponse, _: HttpResponse) -> int:
    given = re.search(r"max-age=(\d+)", page.get("Strict-Transport-Security", ""))
    return -20 if given is None else 0 if int(given[1]) >= HALF_A_YEAR else -10


class Scripts(HTMLParser):
    """The source and integrity of each script that a page loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "script" and (source := named.get("src")):
            self.found.append((source, bool(named.get("integrity"))))


def _integrity(page: HttpResponse, _: HttpResponse) -> int:
    if not page.get("Content-Type", "").startswith("text/html"):
        return 0
    scripts = Scripts(page.content.decode()).found
    foreign = [(source, whole) for source, whole in scripts if re.match(r"(https?:)?//", source)]
    worst = [
        (0 if whole else -5) if source.startswith("https:") else (-20 if whole else -50)
        for source, whole in foreign
    ]
    if any(worst):
        return min(worst)
    return 5 if foreign or any(whole for _, whole in scripts) else 0


def _sniffing(page: HttpResponse, _: HttpResponse) -> int:
    return 0 if page.get("X-Content-Type-Options", "").lower() == "nosniff" else -5


def _framing(page: HttpResponse, _: HttpResponse) -> int:
    if not policy_of(page).get("frame-ancestors", frozenset("*")) & BROAD:
        return 5
    return 0 if page.get("X-Frame-Options", "").upper() in ("DENY", "SAMEORIGIN") else -20


def _resources(page: HttpResponse, _: HttpResponse) -> int:
    given = page.get("Cross-Origin-Resource-Policy", "cross-origin")
    return {"same-origin": 10, "same-site": 10, "cross-origin": 0}.get(given, -5)


TESTS: Mapping[str, Callable[[HttpResponse, HttpResponse], int]] = {
    "content-security-policy": _csp,
    "cookies": _cookies,
    "cross-origin-resource-sharing": _sharing,
    "redirection": _redirection,
    "referrer-policy": _referrer,
    "strict-transport-security": _hsts,
    "subresource-integrity": _integrity,
    "x-content-type-options": _sniffing,
    "x-frame-options": _framing,
    "cross-origin-resource-policy": _resources,
}
