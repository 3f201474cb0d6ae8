"""A provider that wants a certificate, in a browser and by the API: the same steps, each by its own means."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from html import unescape
from typing import Any, Protocol

from playwright.sync_api import Page, expect

from tests.functional.browsing import Visitor
from tests.functional.conftest import MODEL
from tests.functional.front import Front
from tests.functional.mailbox import Mailbox
from tests.functional.surroundings import until

PASSWORD = "a long enough phrase of mine"


class Provider(Protocol):
    """What a new provider does, in this order."""

    name: str

    def sign_up(self) -> None: ...
    def submit(self, front: Front) -> None: ...
    def prove(self, front: Front) -> None: ...
    def run_in_private(self) -> str:
        """What the run says, in words."""

    def publish(self) -> str:
        """The endpoint's id."""

    def hear(self, url: str, endpoint: str) -> bool:
        """Have alerts posted there, where this way has webhooks."""


class InABrowser:
    """Clicks and types; what it reads is what stands on the page."""

    def __init__(self, page: Page, mails: Mailbox) -> None:
        self.page, self.mails = page, mails
        self.name, self.email = "Browser Inference", "bea@example.org"
        self.submission = ""

    def sign_up(self) -> None:
        page = self.page
        page.goto("/account/signup/")
        page.fill("[name=email]", self.email)
        page.fill("[name=password1]", PASSWORD)
        page.fill("[name=password2]", PASSWORD)
        page.locator("main form button").first.click()
        link = until(lambda: self.mails.link(self.email, "/account/confirm-email/"), "a mail to confirm")
        page.goto(link)
        page.locator("main form button").first.click()
        page.goto("/account/login/")
        if page.locator("[name=login]").count():
            page.fill("[name=login]", self.email)
            page.fill("[name=password]", PASSWORD)
            page.locator("main form button").first.click()
        page.goto("/account/organisations/new/")
        page.fill("[name=name]", self.name)
        page.get_by_role("button", name="Found it").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(self.name)

    def submit(self, front: Front) -> None:
        page = self.page
        page.get_by_role("link", name="Submit an endpoint").first.click()
        page.fill("[name=model]", MODEL)
        page.fill("[name=base_url]", front.base_url)
        page.fill("[name=upstream_model]", MODEL)
        page.fill("[name=declared_quantization]", "bf16")
        page.get_by_role("button", name="Submit", exact=True).click()
        expect(page.get_by_role("heading", name="Ownership")).to_be_visible()
        self.submission = page.url

    def prove(self, front: Front) -> None:
        page = self.page
        place = page.get_by_label("The file's address").inner_text()
        front.files["/" + place.split("/", 3)[3]] = page.locator("#proof-value").inner_text()
        self._look()
        proven = page.get_by_text(f"http://{front.address} is proven")
        until(lambda: self._reloaded() and proven.count() == 1, "the origin is proven")

    def run_in_private(self) -> str:
        page = self.page
        page.goto(self.submission)
        page.get_by_role("button", name="Run in private").click()
        page.goto(self.submission)
        page.locator("table tbody th a").first.click()
        run = page.url

        def ended() -> bool:
            page.goto(run)
            return "progress" not in page.content() or bool(page.get_by_role("progressbar").count() == 0)

        until(ended, "the private run has ended", patience=600)
        return page.locator("main").inner_text()

    def publish(self) -> str:
        page = self.page
        page.goto(self.submission)
        self._look()
        page.goto(self.submission)
        page.get_by_role("button", name="Publish").click()
        link = page.get_by_role("link", name="its public page")
        expect(link).to_be_visible()
        return str(link.get_attribute("href")).strip("/").rpartition("/")[2]

    def hear(self, url: str, endpoint: str) -> bool:
        return False

    def _look(self) -> None:
        self.page.get_by_role("button", name="Look for it now").click()

    def _reloaded(self) -> bool:
        self.page.goto(self.submission)
        return True


class ByTheApi:
    """A token, and nothing but requests with it. The account itself is a person's, so its pages make it."""

    def __init__(self, site: str, mails: Mailbox) -> None:
        self.visitor, self.site, self.mails = Visitor(site), site, mails
        self.name, self.email = "Scripted Inference", "sam@example.org"
        self._token = self._at = ""
        self.proof: dict[str, Any] = {}

    def sign_up(self) -> None:
        fields = {"email": self.email, "password1": PASSWORD, "password2": PASSWORD}
        self.visitor.send("/account/signup/", fields)
        link = until(lambda: self.mails.link(self.email, "/account/confirm-email/"), "a mail to confirm")
        self.visitor.send(link, {})
        if 'name="login"' in self.visitor.get("/account/login/"):
            self.visitor.send("/account/login/", {"login": self.email, "password": PASSWORD})
        page = self.visitor.send("/account/organisations/new/", {"name": self.name})
        slug = re.search(r'href="/account/organisations/([a-z-]+)/tokens/new/"', page)
        assert slug is not None, page
        if 'name="password"' in self.visitor.get(f"/account/organisations/{slug[1]}/tokens/new/"):
            self.visitor.send("/account/reauthenticate/", {"password": PASSWORD})
        scopes = re.findall(
            r'name="scopes" value="([a-z:-]+)"',
            self.visitor.get(f"/account/organisations/{slug[1]}/tokens/new/"),
        )
        shown = self.visitor.send_all(
            f"/account/organisations/{slug[1]}/tokens/new/",
            [("name", "a script"), *(("scopes", scope) for scope in scopes)],
        )
        token = re.search(r'id="token">([^<]+)<', shown)
        assert token is not None, shown
        self._token = unescape(token[1])

    def submit(self, front: Front) -> None:
        said = {
            "model": MODEL,
            "base_url": front.base_url,
            "upstream_model": MODEL,
            "variant": "scripted",
            "declared_quantization": "bf16",
        }
        made = self("POST", "/api/v1/submissions", said)
        self._at, self.proof = made["links"]["self"], made["proof"]

    def prove(self, front: Front) -> None:
        front.files["/" + self.proof["file_url"].split("/", 3)[3]] = self.proof["file_content"]
        self("POST", f"{self._at}/proof")
        until(lambda: self("GET", self._at)["proof"]["state"] == "proven", "the origin is proven")

    def run_in_private(self) -> str:
        at = self("POST", f"{self._at}/runs")["links"]["self"]
        found = until(self._when(at, "complete"), "the private run has ended", patience=600)
        assert found["findings"]
        return f"{found['verdict']} {json.dumps(found['result']['cause'])}"

    def publish(self) -> str:
        before = self("GET", self._at)["proof"]["checked"]
        self("POST", f"{self._at}/proof")
        until(lambda: self("GET", self._at)["proof"]["checked"] != before, "the proof was looked for")
        return str(self("POST", f"{self._at}/publish")["endpoint"])

    def hear(self, url: str, endpoint: str) -> bool:
        self("POST", "/api/v1/webhooks", {"url": url, "endpoint": endpoint})
        return True

    def _when(self, at: str, state: str) -> Callable[[], Any]:
        def there() -> Any:
            found = self("GET", at)
            assert found["state"] not in ("failed", "cancelled"), found
            return found if found["state"] == state else None

        return there

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        asked = urllib.request.Request(
            self.site + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error
