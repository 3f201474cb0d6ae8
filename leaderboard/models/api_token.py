"""Our own API tokens: shown once, kept as a hash, found by their prefix."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as noop

from leaderboard.models.organisation import Organisation
from verifier.models.base import Identified


class Scope(models.TextChoices):
    """What a token may do. None of them manages members, tokens or the account itself."""

    READ = "read", noop("read submissions, private runs and what is written below")
    SUBMIT = "submit", noop("submit and edit endpoints, start proofs and private runs")
    PUBLISH = "publish", noop("publish and delist endpoints")
    DISPUTE = "dispute", noop("object to findings")
    WEBHOOKS = "webhooks", noop("manage webhooks")


class ApiToken(Identified):
    """Acts for one organisation in the name of the member who made it, as long as both hold."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="To recognise it by: CI, the router.")
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False, help_text="sha256 of the whole token.")
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True, editable=False)
    revoked = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} (assay_{self.prefix}…)"
