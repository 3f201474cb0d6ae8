"""Where the evidence of a run lies once it is one file, and what hides the prompts that nobody may know."""

from __future__ import annotations

from django.db import models

from verifier.models import Run


class EvidenceBundle(models.Model):
    """The evidence of one run, content-addressed, in the evidence storage."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="evidence")
    digest = models.CharField(max_length=80, help_text="sha256:... of the file.")
    size = models.PositiveBigIntegerField(help_text="Bytes of the file.")
    answers = models.PositiveIntegerField(help_text="Requests in it.")
    kept = models.DateTimeField(help_text="When it was stored, read again and found whole.")
    pruned = models.DateTimeField(
        null=True, blank=True, help_text="When the rows of its requests were removed: the file has them."
    )

    class Meta:
        ordering = ("kept",)
        indexes = (
            models.Index(fields=("kept",), condition=models.Q(pruned=None), name="evidence_not_pruned"),
        )

    def __str__(self) -> str:
        return self.digest


class HiddenPool(models.Model):
    """The salt under which the prompts of one hidden pool are hashed, published when the pool is retired."""

    sha256 = models.CharField(primary_key=True, max_length=64, help_text="Of the pool's file.")
    salt = models.CharField(max_length=64, editable=False, help_text="In hexadecimal.")
    retired = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.sha256
