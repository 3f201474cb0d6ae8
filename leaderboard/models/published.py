"""What the API serves of one endpoint, and what of it has changed: written at publication, read as it is."""

from __future__ import annotations

from django.db import models

from verifier.models import Endpoint, Model, Provider, Run
from verifier.models.base import Identified, JsonTextField


class PublishedEndpoint(models.Model):
    """One listed endpoint as it is published: the document that is served, and what it is filtered by.

    One row answers one request. The columns repeat the document, because a database filters columns.
    """

    endpoint = models.OneToOneField(
        Endpoint, on_delete=models.CASCADE, primary_key=True, related_name="published"
    )
    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="published_endpoints")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="published_endpoints")
    document = JsonTextField(help_text="As leaderboard.documents writes it.")
    digest = models.CharField(max_length=80, help_text="sha256:... of the canonical JSON of the document.")
    changed = models.DateTimeField(help_text="When the document last changed.")
    verdict = models.CharField(max_length=24, blank=True, help_text="Empty: not yet measured.")
    grade = models.CharField(max_length=2, blank=True)
    evidence_level = models.CharField(max_length=20, blank=True)
    declared = models.CharField(max_length=20, blank=True)
    measured = models.CharField(max_length=20, blank=True)
    certified = models.BooleanField(default=False)
    control = models.BooleanField(default=False)
    tools = models.BooleanField(null=True)
    fidelity = models.FloatField(null=True)
    price_in = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    price_out = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    first_token_ms = models.FloatField(null=True)

    class Meta:
        ordering = ("endpoint",)
        indexes = (models.Index(fields=("model", "verdict"), name="published_by_verdict"),)

    def __str__(self) -> str:
        return f"{self.endpoint_id}: {self.verdict or 'not yet measured'}"


class ChangeKind(models.TextChoices):
    """What happened to what is published of an endpoint."""

    LISTED = "listed", "listed"
    VERDICT = "verdict", "another verdict"
    MEASURED = "measured", "measured again, same verdict"
    CERTIFICATE = "certificate", "its certificate moved"
    EDITED = "edited", "what is declared of it changed"
    DELISTED = "delisted", "no longer listed"


class Change(Identified):
    """One change of what is published of an endpoint. Written once, never changed: the history."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=12, choices=ChangeKind)
    at = models.DateTimeField()
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="changes")
    verdict = models.CharField(max_length=24, blank=True, help_text="As it was published then.")
    document = JsonTextField(help_text="As leaderboard.documents.change writes it.")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("endpoint", "-id"), name="change_of_endpoint"),)

    def __str__(self) -> str:
        return f"{self.endpoint_id}: {self.kind}"
