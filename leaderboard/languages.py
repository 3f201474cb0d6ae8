"""The languages of the public pages. The address alone chooses: English at `/…`, Chinese at `/zh-hans/…`.

Nothing is guessed from a browser's wishes and nothing is remembered, so one address has one content, which
any cache may keep. Only routes marked with `spoken` have a Chinese address; all others are English alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.functional import lazy

ENGLISH, CHINESE = "en", "zh-hans"
PREFIXES: Mapping[str, str] = {ENGLISH: "", CHINESE: "zh-hans/"}
"""What an address begins with, after its first slash."""
TAGS: Mapping[str, tuple[str, str]] = {ENGLISH: ("en", "English"), CHINESE: ("zh-Hans", "简体中文")}
"""The tag of each language as HTML writes it, and its own name for itself."""


@dataclass(frozen=True, slots=True)
class Twin:
    """The same page in one language: `path` is its address on this site."""

    tag: str
    name: str
    path: str
    current: bool


def current() -> str:
    """The language of what is being made now."""
    return CHINESE if translation.get_language() == CHINESE else ENGLISH


def _placed(route: str) -> str:
    return PREFIXES[current()] + route


spoken = lazy(_placed, str)
"""The route of a page that exists in every language, for Django's `path`: it follows the language."""


def of_path(path: str) -> str:
    """The language of the page at this path."""
    prefix = "/" + PREFIXES[CHINESE]
    return CHINESE if path.startswith(prefix) or path == prefix.rstrip("/") else ENGLISH


def addresses(
    name: str, args: tuple[object, ...] = (), kwargs: Mapping[str, object] | None = None
) -> dict[str, str]:
    """The path of this route in every language that it has; one alone where it is not spoken."""
    found: dict[str, str] = {}
    for code in PREFIXES:
        with translation.override(code):
            path = reverse(name, args=args, kwargs=dict(kwargs or {}))
        if path not in found.values():
            found[code] = path
    return found


def twins(request: HttpRequest) -> list[Twin]:
    """This page in every language, for its links; empty for a page that has only one, or is none.

    What a form is answered with is no page: its address shows something else, if anything.
    """
    match = getattr(request, "resolver_match", None)
    if match is None or not match.view_name or request.method == "POST":
        return []
    try:
        found = addresses(match.view_name, match.args, match.kwargs)
    except NoReverseMatch:
        return []
    if len(found) == 1:
        return []
    return [Twin(*TAGS[code], path, code == current()) for code, path in found.items()]


class LanguageOfAddress:
    """Makes each page in the language of its address, and says which it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        code = of_path(request.path_info)
        with translation.override(code):
            response = self.get_response(request)
        if code != ENGLISH:
            response.headers.setdefault("Content-Language", TAGS[code][0])
        return response
