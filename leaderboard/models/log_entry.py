"""The transparency log: what was published, in order, and what vouches for it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from verifier.models.base import Identified


class LogHead(models.Model):
    """One row: whoever appends locks it. It holds the log's name, which never changes, and its length."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    origin = models.CharField(max_length=200, help_text="The log's name, in which checkpoints are signed.")
    size = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="log_head_is_one"),)

    def __str__(self) -> str:
        return f"{self.origin} ({self.size})"


class LogEntry(models.Model):
    """One fact that was published. Written once, never changed: later hashes stand on it."""

    index = models.PositiveBigIntegerField(primary_key=True, help_text="From 0, without a gap.")
    kind = models.CharField(max_length=40, help_text="What sort of fact: verdict, board, certificate, ...")
    subject = models.CharField(max_length=200, help_text="What it is about: an id.")
    leaf = models.TextField(help_text="The entry as it is hashed: canonical JSON.")
    body_digest = models.CharField(max_length=80, help_text="sha256:... of its body.")
    hashes = models.TextField(
        help_text="In hexadecimal: of the entry and of each subtree of the Merkle tree that it completes."
    )
    recorded = models.DateTimeField(help_text="When it was appended; also part of the entry.")

    class Meta:
        ordering = ("index",)
        indexes = (models.Index(fields=("kind", "subject", "-index"), name="log_latest_of_subject"),)

    def __str__(self) -> str:
        return f"{self.index}: {self.kind} {self.subject}"


class Checkpoint(models.Model):
    """A signed head of the log, as it was published."""

    size = models.PositiveBigIntegerField(primary_key=True)
    root = models.CharField(max_length=64, help_text="In hexadecimal.")
    note = models.TextField(help_text="The signed note (C2SP tlog-checkpoint).")
    published = models.DateTimeField()

    class Meta:
        ordering = ("-size",)

    def __str__(self) -> str:
        return f"{self.size} entries"


class SigningKey(Identified):
    """A key that signs, or signed, certificates and checkpoints. The private half is encrypted."""

    keyid = models.CharField(max_length=64, unique=True, help_text="JWK thumbprint of the public key.")
    public = models.CharField(max_length=64, help_text="32 bytes in hexadecimal.")
    ciphertext = models.TextField(
        blank=True,
        editable=False,
        help_text="The private key, as verifier.credentials encrypts; empty once gone.",
    )
    begun = models.DateTimeField()
    retired = models.DateTimeField(null=True, blank=True, help_text="When it stopped signing.")
    withdrawn = models.BooleanField(default=False, help_text="What it signed is no longer believed.")

    class Meta:
        ordering = ("begun",)
        constraints = (
            models.UniqueConstraint(
                fields=("withdrawn",), condition=Q(retired=None), name="signing_key_one_in_use"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn=False) | Q(retired__isnull=False),
                name="signing_key_withdrawn_is_retired",
            ),
        )

    def __str__(self) -> str:
        return self.keyid
