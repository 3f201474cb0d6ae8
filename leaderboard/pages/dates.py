"""Dates as people write them, in the language of the page."""

from __future__ import annotations

from datetime import date, datetime

from django.template.defaultfilters import date as date_format
from django.utils.translation import pgettext


def day(then: datetime | date | None) -> str:
    """A date as people write it: `3 May 2026`."""
    # Translators: Django's format of a date, as its template filter `date` takes it.
    return date_format(then, pgettext("date format", "j F Y"))


def brief_day(then: datetime | date | None) -> str:
    """A date where there is little room: `3 Jan 2026`."""
    return date_format(then, pgettext("date format", "j M Y"))


def minute(then: datetime | None) -> str:
    """A date and its time: `3 May 2026, 14:05`."""
    return date_format(then, pgettext("date format", "j F Y, H:i"))


def brief_minute(then: datetime | None) -> str:
    """A date and its time where there is little room: `3 Jan 2026, 14:05`."""
    return date_format(then, pgettext("date format", "j M Y, H:i"))


def brief_day_minute(then: datetime | None) -> str:
    """A day of about this month and its time: `3 Jan, 14:05`."""
    return date_format(then, pgettext("date format", "j M, H:i"))


def day_of_year(then: datetime | date | None) -> str:
    """A day of about this year: `3 May`."""
    return date_format(then, pgettext("date format", "j F"))
