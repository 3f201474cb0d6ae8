"""Signed heads of the log, and what proves to a reader that an entry is in it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from leaderboard import selectors
from leaderboard.integrity import note
from leaderboard.integrity.keys import Published, key_set
from leaderboard.models import Checkpoint, LogEntry
from leaderboard.services.signing import signer
from leaderboard.services.transparency import locked_head
from verifier.certificate import KeySet, read_keys

log = structlog.get_logger(__name__)

KEPT = "log"
"""The folder of the evidence storage in which checkpoints are kept."""


@transaction.atomic
def checkpoint() -> Checkpoint:
    """The signed head of the log as it is now; made if the log has grown since the last."""
    signer()  # tells the log of the first key before the log is measured
    head = locked_head()
    found = Checkpoint.objects.filter(pk=head.size).first()
    if found is not None:
        return found
    root = selectors.root_of(head.size)
    signed = note.signed(note.checkpoint_text(head.origin, head.size, root), head.origin, signer())
    made = Checkpoint.objects.create(size=head.size, root=root.hex(), note=signed, published=timezone.now())
    transaction.on_commit(partial(_keep, made), robust=True)
    return made


def _keep(made: Checkpoint) -> None:
    """Keep the note outside the database: there, an older backup of it gives itself away."""
    name = f"{KEPT}/{made.size:012}-{made.root[:16]}"
    storage = storages["evidence"]
    try:
        if not storage.exists(name):
            storage.save(name, ContentFile(made.note.encode()))
    except Exception:
        log.exception("the checkpoint could not be kept", name=name)


def kept_checkpoints() -> dict[str, str]:
    """Every checkpoint that was kept outside the database: file name -> note."""
    storage = storages["evidence"]
    try:
        names = storage.listdir(KEPT)[1]
    except FileNotFoundError:
        return {}
    found = {}
    for name in sorted(names):
        with storage.open(f"{KEPT}/{name}") as file:
            found[name] = file.read().decode("utf-8", "replace")
    return found


def proof_of(entry: LogEntry) -> dict[str, Any]:
    """What stands as `log` in a certificate: the entry, and the proof that the latest checkpoint covers it.

    Signs a checkpoint where none covers it yet.
    """
    covering = selectors.latest_checkpoint()
    if covering is None or covering.size <= entry.index:
        covering = checkpoint()
    proof = selectors.inclusion_proof(entry.index, covering.size)
    return {
        "entry": entry.leaf,
        "index": entry.index,
        "proof": [base64.b64encode(part).decode() for part in proof],
        "checkpoint": covering.note,
    }


def published_keys() -> dict[str, Any]:
    """The document at `/.well-known/assay-keys.json`; the first key is made if there is none."""
    signer()
    head = selectors.log_head()
    assert head is not None, "the first key is in the log"
    keys = [
        Published(bytes.fromhex(key.public), key.begun, key.retired, key.withdrawn)
        for key in selectors.signing_keys()
    ]
    return key_set(keys, head.origin)


def every_key() -> KeySet:
    """The published keys, withdrawn ones as if they were not: what they signed must fit all the same."""
    found = read_keys(json.dumps(published_keys()).encode())
    return KeySet({keyid: replace(key, withdrawn=False) for keyid, key in found.keys.items()}, found.origin)
