"""The app that owns the facts: endpoints, baselines, runs and what was observed."""

from __future__ import annotations

from django.apps import AppConfig


class VerifierConfig(AppConfig):
    name = "verifier"
    verbose_name = "Verifier"
    default_auto_field = "django.db.models.BigAutoField"
