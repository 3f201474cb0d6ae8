"""Everything that is public, as one zip file: tables, the documents they are made of, and what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from leaderboard.exports import croissant, csv, parquet, table, table_runs
from leaderboard.exports.table import Document
from verifier.evidence.canonical import canonical_json, result_text

MEDIA_TYPE = "application/zip"
SAID = {
    "endpoints.parquet": "Every listed endpoint as the board shows it, in typed columns.",
    "endpoints.csv": "The same as CSV; a text that would start a formula has an apostrophe before it.",
    "endpoints.jsonl": "The same as whole documents, as the API gives them.",
    "runs.parquet": "Every complete public run of a listed endpoint, in typed columns.",
    "changes.jsonl": "Every change of what is published, the newest first, as the API gives them.",
}
TABLES = {"endpoints.parquet": table.COLUMNS, "runs.parquet": table_runs.COLUMNS}
DESCRIPTION = "croissant.json"


def export(
    endpoints: Sequence[Document],
    runs: Iterable[Document],
    changes: Iterable[Document],
    *,
    made: datetime,
    site: str,
) -> tuple[bytes, dict[str, Any]]:
    """The zip file and its description. The same facts and the same `made` give the same bytes."""
    members = {
        "endpoints.parquet": parquet.export(endpoints),
        "endpoints.csv": csv.export(endpoints),
        "endpoints.jsonl": _lines(endpoints),
        "runs.parquet": parquet.export(runs, table_runs.COLUMNS),
        "changes.jsonl": _lines(changes),
    }
    description = croissant.describe(members, TABLES, SAID, made=made, site=site)
    written = BytesIO()
    with ZipFile(written, "w") as file:
        for name, data in {**members, DESCRIPTION: result_text(description).encode()}.items():
            entry = ZipInfo(name, made.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            file.writestr(entry, data)
    data = written.getvalue()
    return data, croissant.completed(description, data)


def _lines(documents: Iterable[Document]) -> bytes:
    return b"".join(canonical_json(document) + b"\n" for document in documents)
