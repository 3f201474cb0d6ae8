"""Signs of life of what nobody talks to."""

from __future__ import annotations

from django.db import models

SWEEP = "sweep"
"""The sign that a worker and the schedule give together."""


class Pulse(models.Model):
    """When a part of the service last showed that it is alive."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
