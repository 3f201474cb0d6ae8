"""What the dump is, for machines: schema.org's Dataset in the Croissant format of MLCommons, version 1.0."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leaderboard.exports import csv, parquet
from leaderboard.exports.table import Column

NAME = "dump.zip"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
MEDIA_TYPE = "application/ld+json"
ENCODINGS = {".parquet": parquet.MEDIA_TYPE, ".csv": csv.MEDIA_TYPE, ".jsonl": "application/jsonl"}
DATA_TYPES = {
    "text": "sc:Text",
    "number": "sc:Float",
    "whole": "sc:Integer",
    "flag": "sc:Boolean",
    "moment": "sc:DateTime",
}
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""As the specification gives it."""


def describe(
    members: Mapping[str, bytes],
    tables: Mapping[str, Sequence[Column]],
    said: Mapping[str, str],
    *,
    made: datetime,
    site: str,
) -> dict[str, Any]:
    """The description of a dump of these files. `tables` names those that have columns, `said` tells of each.

    The zip file's own size and hash are not known yet: `completed` adds them.
    """
    day = made.date().isoformat()
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "Assay",
        "description": (
            "Which LLM inference providers really serve the open-weights model that they list: every "
            "published endpoint, run and change, with intervals, evidence levels and what judged."
        ),
        "license": LICENCE,
        "url": f"{site}/",
        "version": f"{made:%Y.%-m.%-d}",
        "datePublished": day,
        "isLiveDataset": True,
        "creator": {"@type": "sc:Organization", "name": "Assay", "url": f"{site}/"},
        "citeAs": f"Assay, data of {day}, {site}/",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": NAME,
                "name": NAME,
                "contentUrl": f"{site}/api/v1/exports/{NAME}",
                "encodingFormat": "application/zip",
            },
            *(_member(name, data, said[name]) for name, data in members.items()),
        ],
        "recordSet": [_records(name, columns, said[name]) for name, columns in tables.items()],
    }


def completed(description: Mapping[str, Any], dump: bytes) -> dict[str, Any]:
    """The description with the size and hash of the zip file that it is of."""
    whole, *members = description["distribution"]
    known = {"contentSize": f"{len(dump)} B", "sha256": hashlib.sha256(dump).hexdigest()}
    return {**description, "distribution": [{**whole, **known}, *members]}


def _member(name: str, data: bytes, said: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": said,
        "containedIn": {"@id": NAME},
        "contentUrl": name,
        "contentSize": f"{len(data)} B",
        "encodingFormat": ENCODINGS[name[name.rindex(".") :]],
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _records(name: str, columns: Sequence[Column], said: str) -> dict[str, Any]:
    record = name.partition(".")[0]
    return {
        "@type": "cr:RecordSet",
        "@id": record,
        "name": record,
        "description": said,
        "key": {"@id": f"{record}/id"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{record}/{column.name}",
                "name": column.name,
                "description": column.said,
                "dataType": DATA_TYPES[column.kind],
                "source": {"fileObject": {"@id": name}, "extract": {"column": column.name}},
            }
            for column in columns
        ],
    }
