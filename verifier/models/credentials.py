"""The keys of endpoints and references: encrypted, write-only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from verifier.models.base import Identified
from verifier.models.baselines import Reference
from verifier.models.registry import Endpoint


class Credential(Identified):
    """One API key, encrypted by verifier.credentials: an endpoint's, a reference's, or a blind one.

    The blind key is the operator's own, as a customer's: an endpoint can't tell who asks with it.
    """

    endpoint = models.OneToOneField(
        Endpoint, on_delete=models.CASCADE, null=True, blank=True, related_name="credential"
    )
    reference = models.OneToOneField(
        Reference, on_delete=models.CASCADE, null=True, blank=True, related_name="credential"
    )
    blind_of = models.OneToOneField(
        Endpoint, on_delete=models.CASCADE, null=True, blank=True, related_name="blind_credential"
    )
    ciphertext = models.TextField(editable=False)
    hint = models.CharField(max_length=20, editable=False, help_text="Enough to recognise the key, no more.")
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(endpoint__isnull=False, reference__isnull=True, blind_of__isnull=True)
                | Q(endpoint__isnull=True, reference__isnull=False, blind_of__isnull=True)
                | Q(endpoint__isnull=True, reference__isnull=True, blind_of__isnull=False),
                name="credential_of_exactly_one",
            ),
        )

    def __str__(self) -> str:
        return f"key {self.hint}"
