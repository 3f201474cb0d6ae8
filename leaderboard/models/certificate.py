"""A certificate and every step of its life."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leaderboard.certification import ENDED, Reason, State
from verifier.models import Endpoint, Run
from verifier.models.base import Identified, one_of


class Certificate(Identified):
    """That an endpoint was found faithful, until when, and where it stands now."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="certificates")
    state = models.CharField(
        max_length=20, choices=[(state, state) for state in State], default=State.PENDING
    )
    moved = models.DateTimeField(help_text="When that happened which brought it into its state.")
    run = models.ForeignKey(
        Run,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="certificates",
        help_text="The run that it stands on.",
    )
    certified = models.DateTimeField(null=True, blank=True, help_text="When it was first granted.")
    expires = models.DateTimeField()
    private_attempts = models.PositiveIntegerField(
        default=0, help_text="Private runs of the endpoint before it was granted."
    )
    document = models.JSONField(null=True, blank=True, help_text="The signed statement: a DSSE envelope.")
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("-created",)
        constraints = (
            one_of("state", State, "certificate_state_known_word"),
            models.UniqueConstraint(
                fields=("endpoint",),
                condition=~Q(state__in=[str(state) for state in sorted(ENDED)]),
                name="certificate_one_alive_an_endpoint",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[State.PENDING, State.REVOKED, State.EXPIRED])
                | Q(certified__isnull=False, run__isnull=False),
                name="certificate_granted_by_a_run",
            ),
        )
        indexes = (models.Index(fields=("state", "expires"), name="certificate_to_review"),)

    def __str__(self) -> str:
        return f"certificate of {self.endpoint} ({self.state})"


class CertificateStep(Identified):
    """One step, written once, never changed: where from, where to, why, because of which run. Public."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField(help_text="From 1.")
    was = models.CharField(max_length=20, blank=True)
    now = models.CharField(max_length=20)
    reason = models.CharField(max_length=40)
    said = models.TextField(help_text="The reason in plain words.")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    happened = models.DateTimeField(help_text="When that happened which it follows from.")
    expires = models.DateTimeField(help_text="The certificate's end as of this step.")
    recorded = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("certificate", "number")
        constraints = (
            models.UniqueConstraint(fields=("certificate", "number"), name="certificate_step_numbered_once"),
            one_of("now", State, "certificate_step_known_word"),
            one_of("reason", Reason, "certificate_step_known_reason"),
        )

    def __str__(self) -> str:
        return f"{self.was or 'nothing'} to {self.now}: {self.reason}"
