"""What the templates need beyond Django: inert text, numbers, shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from leaderboard.pages import dates, inert, numbers, refusals, sentences, words
from leaderboard.pages.words import Term

register = template.Library()
for date_filter in (
    *(dates.day, dates.brief_day, dates.day_of_year),
    *(dates.minute, dates.brief_minute, dates.brief_day_minute),
):
    register.filter(date_filter)
register.filter("english", sentences.english)
register.filter("quoted", sentences.quoted)
register.filter("cause", words.cause)
register.filter("certificate", words.certificate)
register.filter("disputed", words.disputed)
register.filter("outcome", words.dispute)

_LATIN = re.compile(r"[A-Za-z]")


@register.filter
def visible(text: object, limit: int | None = None) -> str:
    """Somebody else's text with everything in it visible; lines stay lines."""
    return inert.visible(text, limit=limit)


@register.filter
def line(text: object, limit: int | None = None) -> str:
    """Somebody else's text on one line, everything in it visible."""
    return inert.visible(text, lines=False, limit=limit)


@register.filter
def ago(then: datetime, now: datetime) -> str:
    """How long ago."""
    return numbers.ago(then, now)


@register.filter
def whole(value: float | None) -> str:
    """A count with thin spaces."""
    return numbers.whole(value)


@register.filter
def fixed(value: float | None, decimals: int = 1) -> str:
    """A number with this many decimals and a real minus sign."""
    return numbers.fixed(value, decimals)


@register.filter
def share(value: float | None) -> str:
    """A share of 1 as a percentage."""
    return numbers.percent(value)


@register.filter
def duration(value: float | None) -> str:
    """A duration given in seconds."""
    return numbers.seconds(value)


@register.filter
def probability(value: float | None) -> str:
    """A probability, or a dash."""
    return numbers.probability(value)


@register.filter
def at(found: Mapping[str, Any], key: str) -> Any:
    """The value under a key that is only known at run time."""
    return found.get(key)


@register.filter
def ld(found: Mapping[str, Any]) -> SafeString:
    """JSON-LD for machines: a block of data, no script, with everything escaped that could end it."""
    text = json.dumps(found, ensure_ascii=True, sort_keys=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(f'<script type="application/ld+json">{text}</script>')


@register.filter
def lifted(level: int, height: int) -> int:
    """How far above the line a label of this level stands, in pixels."""
    return -level * height


@register.inclusion_tag("parts/shape.html")
def shape(term: Term) -> dict[str, Term]:
    """The shape of a verdict or outcome; the word beside it says the same."""
    return {"term": term}


@register.inclusion_tag("parts/measured.html")
def measured(
    value: object, interval: str, n: str, when: datetime | None, small: bool = False
) -> dict[str, object]:
    """A measured figure with its interval, what it was averaged over, and its date.

    Raises ValueError without an interval and without an n: no figure is printed that says neither.
    """
    if not interval and not n:
        raise ValueError(f"the measured figure {value} has neither an interval nor an n; pass one of them")
    whole, point, fraction = str(value).partition(".")
    dated = "" if when is None else gettext("measured %(when)s UTC") % {"when": f"{when:%Y-%m-%d %H:%M}"}
    span = gettext("95 %% interval %(interval)s") % {"interval": interval} if interval else ""
    said = pgettext("between parts of a list", ", ").join(part for part in (span, n, dated) if part)
    return {"whole": whole, "fraction": point + fraction, "interval": interval, "said": said, "small": small}


@register.simple_tag
def moment(then: datetime, now: datetime) -> SafeString:
    """A date as its age, with the exact time for those who ask; `as name` keeps it for a sentence."""
    return render_to_string("parts/moment.html", {"then": then, "ago": numbers.ago(then, now)})


@register.filter
def dollars(value: Decimal | None) -> str:
    """A price as short as it can be written: `$0.5`."""
    return numbers.NONE if value is None else f"${value.normalize():f}"


@register.filter
def state(name: str) -> str:
    """The state of a run as it is stored, in the language of the page."""
    return gettext(name) if name in words.STATES else name


@register.filter
def translated(text: str | None) -> str:
    """A stored word or sentence of ours in the page's language; marked as English where it has no other."""
    return refusals.translated(text or "")


@register.filter
def worded(text: str, limit: int | None = None) -> str:
    """A text of a source or a measured file on one line; marked where it is not in the page's language."""
    shown = inert.visible(words.said(text), lines=False, limit=limit)
    return shown if sentences.is_chinese(shown) or not _LATIN.search(shown) else sentences.english(shown)
