"""Versioned prompt sets, kept as data files beside their loader."""

from verifier.suites.loader import (
    HIDDEN,
    PUBLIC,
    Prompt,
    Suite,
    SuiteError,
    as_jsonl,
    load,
    names,
    read_hidden,
    with_hidden,
)

__all__ = [
    "HIDDEN",
    "PUBLIC",
    "Prompt",
    "Suite",
    "SuiteError",
    "as_jsonl",
    "load",
    "names",
    "read_hidden",
    "with_hidden",
]
