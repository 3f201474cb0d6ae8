"""A real browser on a real server: Debian's chromium against Django's live server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
]


class Open(Protocol):
    """`open_page(path, **options)`: a page of the site; options are those of a browser context."""

    def __call__(self, path: str, **options: Any) -> Page: ...


@pytest.fixture
def browser(chromium: str, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # The browser's own event loop runs in this thread, which Django takes for an asynchronous caller.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()
        # While that loop runs, Django keeps a connection apart for it; nobody else would close it.
        connections.close_all()


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Open]:
    """Pages that are watched: an error, a dialog or a request that leaves the site fails the test.

    A violated content security policy is an error on the browser's console.
    """
    troubles: list[str] = []
    home = urlsplit(live_server.url).netloc

    def watch(page: Page) -> None:
        def console(message: Any) -> None:
            if message.type in ("error", "warning"):
                troubles.append(f"console: {message.text}")

        def request(sent: Any) -> None:
            if urlsplit(sent.url).netloc != home:
                troubles.append(f"request to {sent.url}")

        def dialog(shown: Any) -> None:
            troubles.append(f"dialog: {shown.message}")
            shown.dismiss()

        page.on("console", console)
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("request", request)
        page.on("dialog", dialog)

    def opened(path: str, **options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        page = context.new_page()
        watch(page)
        response = page.goto(path)
        assert response is not None
        assert response.ok, f"{path} answered {response.status}"
        return page

    yield opened
    assert not troubles, "; ".join(troubles)


@pytest.fixture
def seen() -> Callable[[Page, str], list[str]]:
    """The texts of everything that a selector finds, as a reader sees them."""

    def texts(page: Page, selector: str) -> list[str]:
        return [" ".join(text.split()) for text in page.locator(selector).all_inner_texts()]

    return texts
