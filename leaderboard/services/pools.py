"""Retiring a hidden pool: its prompts become a file for everybody, its salt an entry of the log."""

from __future__ import annotations

import hashlib
import secrets

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from leaderboard import selectors
from leaderboard.integrity.facts import pool_fact
from leaderboard.models import HiddenPool
from leaderboard.services.transparency import append_all
from verifier.models import Baseline

log = structlog.get_logger(__name__)

FOLDER = "pools"
"""Of the evidence storage."""


class PoolNotKnown(Exception):
    """No baseline was recorded with this pool; the message says so."""


class PoolNotKept(Exception):
    """The storage did not take the pool; the message says why."""


def publish_pool(data: bytes) -> HiddenPool:
    """Retire the pool that is this file: whoever has the bundles can check their salted hashes from now on.

    It can't be taken back. Raises PoolNotKnown, and PoolNotKept where the storage can't be written.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if not Baseline.objects.filter(hidden_sha256=sha256).exists():
        raise PoolNotKnown(f"No baseline was recorded with the pool of sha256 {sha256}.")
    storage, name = storages["evidence"], _name(sha256)
    try:
        if not storage.exists(name):
            storage.save(name, ContentFile(data))
    except Exception as error:  # a storage out of reach raises what its library likes
        raise PoolNotKept(f"The storage can't keep {name}: {error}") from error
    HiddenPool.objects.get_or_create(sha256=sha256, defaults={"salt": secrets.token_hex(32)})
    return retire_pool(sha256)


@transaction.atomic
def retire_pool(sha256: str) -> HiddenPool:
    """Publish the salt of a hidden pool, and with it all that was held back because of the pool.

    Raises HiddenPool.DoesNotExist.
    """
    pool = HiddenPool.objects.select_for_update().get(pk=sha256)
    if pool.retired is None:
        pool.retired = timezone.now()
        pool.save()
    append_all([pool_fact(pool)])
    return pool


def retired_pool(sha256: str) -> bytes | None:
    """The file of a retired pool; None for one in use, and where the file is not there or was changed."""
    if not selectors.pool_is_retired(sha256):
        return None
    try:
        with storages["evidence"].open(_name(sha256)) as file:
            data = bytes(file.read())
    except Exception:  # as above
        log.exception("a retired pool can't be read", pool=sha256)
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def _name(sha256: str) -> str:
    return f"{FOLDER}/{sha256}.jsonl"
