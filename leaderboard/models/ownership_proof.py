"""That an organisation controls an origin: by a file on it, or a TXT record of its name."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as noop

from leaderboard.models.organisation import Organisation
from verifier.models.base import Identified, one_of


class ProofState(models.TextChoices):
    """Where a proof is in its life."""

    PENDING = "pending", "pending"
    PROVEN = "proven", "proven"
    EXPIRED = "expired", "expired"
    LAPSED = "lapsed", "lapsed"
    REPLACED = "replaced", "replaced"


PROOF_TRANSITIONS: Mapping[str, frozenset[str]] = {
    # A token proves once: what has expired or lapsed takes a new one.
    "pending": frozenset({"proven", "expired", "replaced"}),
    "proven": frozenset({"lapsed", "replaced"}),
    "expired": frozenset(),
    "lapsed": frozenset(),
    "replaced": frozenset(),
}


class ProofMethod(models.TextChoices):
    """How it was proven."""

    FILE = "well-known", noop("a file on the origin")
    DNS = "dns", noop("a DNS TXT record")


class OwnershipProof(Identified):
    """One challenge to one organisation about one origin.

    `token` names the file, `value` is what it must hold. They are two secrets, so that a server that
    repeats the path it was asked for proves nothing.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="proofs")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    origin = models.CharField(max_length=300, help_text="Scheme, host, and the port where it isn't usual.")
    token = models.CharField(max_length=64, unique=True, editable=False)
    value = models.CharField(max_length=64, unique=True, editable=False)
    state = models.CharField(max_length=20, choices=ProofState, default=ProofState.PENDING)
    method = models.CharField(max_length=20, blank=True, choices=ProofMethod)
    expires = models.DateTimeField(help_text="Until when it may be proven.")
    asked = models.DateTimeField(null=True, blank=True, help_text="When a check was last asked for.")
    checked = models.DateTimeField(null=True, blank=True, help_text="When it was last looked for.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Checks in a row that did not find it.")
    reason = models.TextField(blank=True, help_text="What the last check found instead.")
    proven = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("-created",)
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "origin"),
                condition=Q(state="pending"),
                name="proof_one_pending_an_origin",
            ),
            models.UniqueConstraint(
                fields=("organisation", "origin"), condition=Q(state="proven"), name="proof_one_an_origin"
            ),
            one_of("state", ProofState.values, "proof_state_known_word"),
            models.CheckConstraint(
                condition=~Q(state="proven") | (Q(proven__isnull=False) & ~Q(method="")),
                name="proof_proven_says_how",
            ),
        )
        indexes = (models.Index(fields=("state", "checked"), name="proof_to_check"),)

    def __str__(self) -> str:
        return f"{self.origin} ({self.state})"
