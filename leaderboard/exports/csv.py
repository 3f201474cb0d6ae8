"""CSV (RFC 4180) that a spreadsheet opens without starting a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leaderboard.exports.table import COLUMNS, Document, rows

MEDIA_TYPE = "text/csv"
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
"""With what a spreadsheet takes a text for a formula or a command, full-width forms included."""


def export(documents: Sequence[Document]) -> bytes:
    """One line an endpoint, in UTF-8, with a head."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow([column.name for column in COLUMNS])
    writer.writerows([cell(value) for value in row.values()] for row in rows(documents))
    return made.getvalue().encode("utf-8")


def cell(value: Any) -> str:
    """A value as a cell. A text that would start a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    text = str(value).replace("\0", "")
    return "'" + text if text.lstrip(" \u00a0\ufeff").startswith(STARTS) or text.startswith(STARTS) else text
