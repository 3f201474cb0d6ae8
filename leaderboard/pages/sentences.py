"""English sentences of ours, known by their form and told in the language of the page.

What says them knows no languages: the verifier, one file that people run by themselves, rows stored long ago.
So each is known by its form, with names where others' words stand, which are quoted. A sentence that is not
known stays English, and is marked so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from leaderboard import languages

_PLACE = re.compile(r"%\\\((\w+)\\\)s")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


class Sentences:
    """Sentences by their forms, a more special form before one that it also has.

    `filled` gives what is shown in the place of a name; how the text of a place looks, if not any text, is in
    `spelled`, as a regular expression.
    """

    def __init__(
        self,
        forms: Iterable[str],
        filled: Callable[[str, str], str],
        spelled: Mapping[str, str] | None = None,
    ) -> None:
        self._forms = [(_pattern(form, spelled or {}), form) for form in forms]
        self._filled = filled

    def told(self, text: str) -> str:
        """A sentence in the language of the page; what is not known is quoted."""
        if languages.current() == languages.ENGLISH:
            return text
        for pattern, form in self._forms:
            if found := pattern.fullmatch(text):
                places = {
                    name: conditional_escape(self._filled(name, value))
                    for name, value in found.groupdict().items()
                }
                return mark_safe(escape(gettext(form)) % places)
        return quoted(text)


def english(text: str) -> str:
    """What is not ours to translate, marked as English on a page that is not."""
    if languages.current() == languages.ENGLISH:
        return text
    return format_html('<span lang="en">{}</span>', text)


def quoted(text: str) -> str:
    """What may be in either language, marked as English unless it is in Chinese."""
    return text if is_chinese(text) else english(text)


def is_chinese(text: str) -> bool:
    """Whether there is Chinese in it."""
    return _CHINESE.search(text) is not None


def _pattern(form: str, spelled: Mapping[str, str]) -> re.Pattern[str]:
    def place(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{spelled.get(found[1], '.+?')})"

    return re.compile(_PLACE.sub(place, re.escape(form)), re.DOTALL)
