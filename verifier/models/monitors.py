"""What watches an endpoint from run to run."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from verifier.models.base import Identified
from verifier.models.registry import Endpoint


class Monitor(Identified):
    """The e-detector of one endpoint: has it changed since it is watched? Written when a run completes."""

    endpoint = models.OneToOneField(Endpoint, on_delete=models.CASCADE, related_name="monitor")
    baseline = models.CharField(max_length=80, help_text="Digest of the baseline its scores are against.")
    state = models.JSONField(help_text="As verifier.stats.e_detector.EDetector.state gives it.")
    started = models.DateTimeField(help_text="When this detector began: with a baseline or after an alarm.")
    alarms = models.PositiveIntegerField(default=0)
    alarmed = models.DateTimeField(null=True, blank=True, help_text="When it last gave an alarm.")
    updated = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ("endpoint",)
        constraints = (
            models.CheckConstraint(
                condition=Q(alarms=0, alarmed__isnull=True) | Q(alarms__gt=0, alarmed__isnull=False),
                name="monitor_alarm_has_a_date",
            ),
        )

    def __str__(self) -> str:
        return f"monitor of {self.endpoint}"
