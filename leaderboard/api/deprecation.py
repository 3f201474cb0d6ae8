"""What will go away says so in every answer, long before: RFC 9745 (Deprecation) and RFC 8594 (Sunset)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.http import http_date

NOTICE = timedelta(days=180)
"""Between the word and the end, at least."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A route that is deprecated `since`, answers until `sunset`, and has at `link` what to use instead.

    Raises ValueError where the notice is shorter than NOTICE.
    """

    since: datetime
    sunset: datetime
    link: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < NOTICE:
            raise ValueError(f"a route ends {NOTICE.days} days after it is deprecated, or later")

    def headers(self) -> Mapping[str, str]:
        """As they stand in the answer."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": http_date(self.sunset.timestamp()),
            "Link": f'<{self.link}>; rel="deprecation"; type="text/html"',
        }
