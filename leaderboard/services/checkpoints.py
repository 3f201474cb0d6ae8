"""Signed heads of the log, and what proves to a reader that an entry is in it."""

from __future__ import annotations

import base64
from typing import Any

from django.db import transaction
from django.utils import timezone

from leaderboard import selectors
from leaderboard.integrity import note
from leaderboard.integrity.keys import Published, key_set
from leaderboard.models import Checkpoint, LogEntry
from leaderboard.services.signing import signer
from leaderboard.services.transparency import locked_head


@transaction.atomic
def checkpoint() -> Checkpoint:
    """The signed head of the log as it is now; made if the log has grown since the last."""
    signer()  # tells the log of the first key before the log is measured
    head = locked_head()
    found = Checkpoint.objects.filter(pk=head.size).first()
    if found is not None:
        return found
    root = selectors.root_of(head.size)
    text = note.checkpoint_text(head.origin, head.size, root)
    return Checkpoint.objects.create(
        size=head.size,
        root=root.hex(),
        note=note.signed(text, head.origin, signer()),
        published=timezone.now(),
    )


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
