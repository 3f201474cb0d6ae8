"""Signed notes and the log's checkpoints, as C2SP writes them. Pure.

https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint
"""

from __future__ import annotations

import base64

from leaderboard.integrity.keys import Signer
from verifier.certificate import key_hash


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """What a checkpoint says: whose log, how many entries, which root."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def signed(text: str, origin: str, signer: Signer) -> str:
    """The note of `text`, signed in the name of `origin`. `text` ends with a newline."""
    raw = key_hash(origin, signer.public) + signer.sign(text.encode())
    return f"{text}\n— {origin} {base64.b64encode(raw).decode()}\n"


def verifier_key(origin: str, public: bytes) -> str:
    """The public key as programs that read notes take it: name, hash and key."""
    encoded = base64.b64encode(b"\x01" + public).decode()
    return f"{origin}+{key_hash(origin, public).hex()}+{encoded}"
