"""The keys of endpoints and references: encrypted, write-only."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from verifier.models.base import Identified
from verifier.models.baselines import Reference
from verifier.models.registry import Endpoint


class Credential(Identified):
    """The API key of one endpoint or of one reference, encrypted by verifier.credentials."""

    endpoint = models.OneToOneField(
        Endpoint, on_delete=models.CASCADE, null=True, blank=True, related_name="credential"
    )
    reference = models.OneToOneField(
        Reference, on_delete=models.CASCADE, null=True, blank=True, related_name="credential"
    )
    ciphertext = models.TextField(editable=False)
    hint = models.CharField(max_length=20, editable=False, help_text="Enough to recognise the key, no more.")
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(endpoint__isnull=False, reference__isnull=True)
                | Q(endpoint__isnull=True, reference__isnull=False),
                name="credential_of_exactly_one",
            ),
        )

    def __str__(self) -> str:
        return f"key {self.hint}"
