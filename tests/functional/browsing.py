"""An operator and a visitor: a browser's part of HTTP (cookies, forms), nothing else."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from html import unescape
from http.cookiejar import CookieJar


class Visitor:
    """Follows links and sends forms at one site."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, path: str) -> str:
        """The page. Raises urllib.error.HTTPError for anything but success."""
        return self.file(path).decode()

    def file(self, path: str) -> bytes:
        """As `get`, its bytes."""
        with self._opener.open(self._site + path, timeout=30) as answer:
            return bytes(answer.read())

    def answers(self) -> bool:
        """Whether the site is up."""
        try:
            self.get("/")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def send(self, path: str, fields: Mapping[str, str]) -> str:
        """Open the form at `path`, send it with these fields, and return the page that follows."""
        return self.send_all(path, list(fields.items()))

    def send_all(self, path: str, fields: Sequence[tuple[str, str]]) -> str:
        """As `send`; a name may stand there several times."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path))
        assert token is not None, f"no form at {path}"
        body = urllib.parse.urlencode([("csrfmiddlewaretoken", token[1]), *fields]).encode()
        asked = urllib.request.Request(self._site + path, body, {"Referer": self._site + path})
        with self._opener.open(asked, timeout=30) as answer:
            page = str(answer.read().decode())
        errors = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', page, re.DOTALL)
        assert not errors, f"{path}: {unescape(' '.join(errors))}"
        return page


class Operator(Visitor):
    """A visitor who may open the operator's pages."""

    def log_in(self, name: str, password: str) -> None:
        self.send("/operator/login/", {"username": name, "password": password, "next": "/operator/"})

    def add(self, kind: str, **fields: str) -> str:
        """Fill in the form for a new row; returns its id."""
        before = self._ids(kind)
        self.send(f"/operator/verifier/{kind}/add/", fields)
        (new,) = self._ids(kind) - before
        return new

    def act(self, kind: str, action: str, row: str) -> str:
        """Choose an action for one row in its list; returns the list as it is then."""
        return self.send(f"/operator/verifier/{kind}/", {"action": action, "_selected_action": row})

    def _ids(self, kind: str) -> set[str]:
        return set(
            re.findall(
                rf"/operator/verifier/{kind}/([0-9a-f-]{{36}})/change/",
                self.get(f"/operator/verifier/{kind}/"),
            )
        )
