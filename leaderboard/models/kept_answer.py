"""What was answered to a request that may be sent again."""

from __future__ import annotations

from django.db import models

from leaderboard.models.organisation import Organisation
from verifier.models.base import Identified


class KeptAnswer(Identified):
    """The answer to a request with an Idempotency-Key: given again to the same request, for a day."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="A keyed hash of method, path and content.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "key"), name="kept_answer_once_a_key"),
        )

    def __str__(self) -> str:
        return f"{self.status} to {self.key}"
