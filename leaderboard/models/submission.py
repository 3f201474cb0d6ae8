"""That an organisation asks to speak for an endpoint, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop as noop

from leaderboard.models.organisation import Organisation
from verifier.models import Endpoint
from verifier.models.base import Identified, one_of


class SubmissionState(models.TextChoices):
    """Where a submission is in its life. Whether its origin is proven is OwnershipProof's to say."""

    PRIVATE = "private", noop("private")
    PUBLISHED = "published", noop("published")
    DELISTED = "delisted", noop("delisted")
    WITHDRAWN = "withdrawn", noop("withdrawn")
    SUPERSEDED = "superseded", noop("superseded")


SUBMISSION_TRANSITIONS: Mapping[str, frozenset[str]] = {
    "private": frozenset({"published", "withdrawn"}),
    "published": frozenset({"delisted", "superseded"}),
    "delisted": frozenset({"published", "withdrawn"}),
    "withdrawn": frozenset({"private"}),
    "superseded": frozenset({"private"}),
}


class Submission(Identified):
    """An endpoint in the hands of an organisation. The endpoint's own row holds what was declared.

    `claim`: the endpoint was listed already, by the operator; it stays what it is until the organisation
    has proven its origin, and its history stays in any case.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="submissions")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="submissions")
    state = models.CharField(max_length=20, choices=SubmissionState, default=SubmissionState.PRIVATE)
    claim = models.BooleanField(default=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    published = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ("-created",)
        constraints = (
            models.UniqueConstraint(fields=("organisation", "endpoint"), name="submission_once"),
            models.UniqueConstraint(
                fields=("endpoint",), condition=Q(state="published"), name="submission_one_speaks"
            ),
            one_of("state", SubmissionState.values, "submission_state_known_word"),
        )
        indexes = (models.Index(fields=("organisation", "state", "-created"), name="submission_of_org"),)

    def __str__(self) -> str:
        return f"{self.endpoint} by {self.organisation} ({self.state})"
