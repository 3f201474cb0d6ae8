"""When a watched endpoint is to be measured next."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from verifier.models.base import Identified
from verifier.models.registry import Endpoint


class Schedule(Identified):
    """An endpoint that is watched. Both moments are drawn anew after each run: nobody foresees them."""

    endpoint = models.OneToOneField(Endpoint, on_delete=models.CASCADE, related_name="schedule")
    look_due = models.DateTimeField(help_text="When a few prompts are to be asked, for the monitor.")
    deep_due = models.DateTimeField(help_text="When a whole run is to be made, for the board.")
    put_off = models.CharField(
        max_length=300, blank=True, help_text="Why the last one that was due could not be queued."
    )
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ("look_due",)
        indexes = (
            models.Index(fields=("look_due",), name="schedule_looks"),
            models.Index(fields=("deep_due",), name="schedule_deep_runs"),
        )

    def __str__(self) -> str:
        return f"schedule of {self.endpoint}"
