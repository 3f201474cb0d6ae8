"""Who did what to a published fact, and when. Written once, never changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from leaderboard.models.organisation import Organisation
from verifier.models.base import Identified


class AuditEventIsFinal(TypeError):
    """Somebody tried to change or delete what was recorded."""


class AuditEvent(Identified):
    """One act. `actor` and `token` go with the account; `acted_as` is public and names no person."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    acted_as = models.CharField(max_length=160, help_text="operator, server, or the organisation's name.")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="audit_events"
    )
    action = models.CharField(max_length=60, help_text="For example endpoint.changed.")
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    details = models.JSONField(default=dict, help_text="What changed, from what to what; never a key.")

    class Meta:
        ordering = ("-at", "-id")
        indexes = (
            models.Index(fields=("subject_kind", "subject_id", "-at"), name="audit_of_subject"),
            models.Index(fields=("organisation", "-at"), name="audit_of_organisation"),
        )

    def __str__(self) -> str:
        return f"{self.action} by {self.acted_as}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert only."""
        if not self._state.adding:
            raise AuditEventIsFinal("An audit event is never changed. Record another one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Never."""
        raise AuditEventIsFinal("An audit event is never deleted.")
