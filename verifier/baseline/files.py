"""Baselines on disk: JSON, gzipped when the name ends in .gz."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path

from verifier.baseline.model import Baseline


def dump(baseline: Baseline) -> bytes:
    """The baseline as gzipped JSON; the same baseline gives the same bytes."""
    text = json.dumps(baseline.to_json(), separators=(",", ":"))
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def load(data: bytes) -> Baseline:
    """The baseline in `data`, gzipped or not. Raises ValueError for anything else."""
    try:
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        record = json.loads(text)
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise ValueError(f"the baseline is not (gzipped) JSON: {error}") from error
    if not isinstance(record, dict):
        raise ValueError("the baseline is not a JSON object")
    return Baseline.from_json(record)


def write(baseline: Baseline, path: Path) -> None:
    """Write to `path` whole or not at all: an interrupted write leaves the old file."""
    data = dump(baseline)
    if path.suffix != ".gz":
        data = gzip.decompress(data)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> Baseline:
    """The baseline at `path`. Raises OSError or ValueError, each with a plain sentence."""
    return load(path.read_bytes())
