"""What is published of one model: the board as people read it, frozen at one moment."""

from __future__ import annotations

from django.db import models

from verifier.models import Model
from verifier.models.base import Identified, JsonTextField


class Snapshot(Identified):
    """The published board of one model. The pages show this and nothing newer."""

    model = models.OneToOneField(Model, on_delete=models.CASCADE, related_name="snapshot")
    board = models.JSONField(help_text="As leaderboard.boards writes it.")
    summary = JsonTextField(
        default=dict, help_text="The model as the API serves it: leaderboard.documents.summary."
    )
    digest = models.CharField(max_length=80, help_text="sha256:... of the canonical JSON of the board.")
    standing = models.CharField(
        max_length=80,
        blank=True,
        help_text="sha256:... of who speaks for each endpoint, and of what accusations await.",
    )
    published = models.DateTimeField(help_text="When the board last changed.")

    class Meta:
        ordering = ("model",)

    def __str__(self) -> str:
        return f"board of {self.model}"
