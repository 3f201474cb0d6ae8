"""The keys that sign certificates and checkpoints: one in use, the former ones published beside it."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from leaderboard.integrity.facts import key_fact
from leaderboard.integrity.keys import Signer
from leaderboard.models import SigningKey
from leaderboard.services.transparency import append_all
from verifier import credentials

BEFORE = timedelta(minutes=5)
"""A key counts as begun so long before it was made: what it signs may have been dated a moment earlier."""


def signer() -> Signer:
    """The key in use, made the first time. Raises CredentialUnreadable."""
    key = _in_use()
    if key is None:
        try:
            with transaction.atomic():
                key = _begin()
        except IntegrityError:  # another process made one meanwhile
            key = SigningKey.objects.get(retired=None)
    return Signer.from_secret(credentials.decrypt(key.ciphertext))


@transaction.atomic
def rotate_signing_key() -> SigningKey:
    """Sign with a new key from now on. What the former one signed stays valid; its private half is erased."""
    former = SigningKey.objects.select_for_update().filter(retired=None).first()
    if former is not None:
        former.retired, former.ciphertext = timezone.now(), ""
        former.save()
        _tell(former)
    return _begin()


@transaction.atomic
def withdraw_signing_key(keyid: str) -> SigningKey:
    """Nothing signed with this key counts any more: somebody else may have it.

    Where it is the one in use, a new one takes its place; certificates have to be signed again. Raises
    SigningKey.DoesNotExist.
    """
    key = SigningKey.objects.select_for_update().get(keyid=keyid)
    in_use = key.retired is None
    key.withdrawn, key.retired, key.ciphertext = True, key.retired or timezone.now(), ""
    key.save()
    _tell(key)
    if in_use:
        _begin()
    return key


@transaction.atomic
def rotate_signing_secrets() -> int:
    """Encrypt every stored private key with the first of CREDENTIAL_KEYS; returns how many there are.

    Raises CredentialUnreadable, having changed nothing, when one can't be decrypted.
    """
    stored = list(SigningKey.objects.select_for_update().exclude(ciphertext=""))
    for key in stored:
        key.ciphertext = credentials.rotate(key.ciphertext)
        key.save(update_fields=["ciphertext"])
    return len(stored)


def _in_use() -> SigningKey | None:
    return SigningKey.objects.filter(retired=None).first()


def _begin() -> SigningKey:
    made = Signer.generate()
    key = SigningKey.objects.create(
        keyid=made.keyid,
        public=made.public.hex(),
        ciphertext=credentials.encrypt(made.secret),
        begun=(timezone.now() - BEFORE).replace(microsecond=0),
    )
    _tell(key)
    return key


def _tell(key: SigningKey) -> None:
    append_all([key_fact(key)])
