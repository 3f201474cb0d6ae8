"""The log written out as static files, for anybody to copy and check."""

from __future__ import annotations

import json
import os
from pathlib import Path

from leaderboard import selectors
from leaderboard.integrity import tiles
from leaderboard.services.checkpoints import checkpoint, published_keys
from verifier.certificate import Refused, read_checkpoint, read_keys


class MirrorRefused(Exception):
    """The folder holds another log, or a longer one; nothing was written."""


def export_log(folder: Path) -> int:
    """Write the log's tiles, entries, keys and checkpoint; returns how many entries it has.

    What an earlier export wrote whole is kept. Raises MirrorRefused where the checkpoint that lies there is
    not of an earlier state of this very log, and OSError.
    """
    head = checkpoint()
    keys = json.dumps(published_keys(), indent=2).encode()
    _require_earlier(folder, head.size, keys)
    for tile in tiles.tiles(head.size):
        path = folder / tile.path
        if not path.exists():
            known = selectors.hashes(tile.nodes)
            _write(path, b"".join(known[node] for node in tile.nodes))
    for bundle in tiles.bundles(head.size):
        path = folder / bundle.path
        if not path.exists():
            _write(path, tiles.pack([e.leaf.encode() for e in selectors.log_entries(*bundle.span)]))
    _write(folder / "assay-keys.json", keys)
    # Last: whoever sees the new checkpoint finds all that it covers.
    _write(folder / "checkpoint", head.note.encode())
    return head.size


def _require_earlier(folder: Path, size: int, keys: bytes) -> None:
    path = folder / "checkpoint"
    if not path.exists():
        return
    try:
        known = read_checkpoint(path.read_text("utf-8"), read_keys(keys))
    except (Refused, UnicodeDecodeError) as error:
        raise MirrorRefused(f"{path} is not a checkpoint of this log: {error}") from error
    if known.size > size:
        raise MirrorRefused(
            f"{path} covers {known.size} entries, and this database has {size}: an older one was restored."
        )
    if selectors.root_of(known.size) != known.root:
        raise MirrorRefused(f"{path} has another root: this log is not the one that was exported there.")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
