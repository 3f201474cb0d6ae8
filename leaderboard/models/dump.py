"""Everything that is public, as one file a night."""

from __future__ import annotations

from django.db import models

from verifier.models.base import Identified, JsonTextField


class Dump(Identified):
    """The latest dump. In the database, because the process that serves it may be on another machine."""

    made = models.DateTimeField()
    digest = models.CharField(max_length=80, help_text="sha256:... of the content.")
    description = JsonTextField(help_text="As leaderboard.exports.croissant makes it.")
    content = models.BinaryField(help_text="A zip file, as leaderboard.exports.dump makes it.")

    class Meta:
        ordering = ("-made",)

    def __str__(self) -> str:
        return f"dump of {self.made:%Y-%m-%d}"
