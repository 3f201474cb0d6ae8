"""An objection to what was found, its clock, and what came of it. Public; never deleted."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q

from leaderboard.models.certificate import Certificate
from leaderboard.models.organisation import Organisation
from verifier.models import Endpoint, Run
from verifier.models.base import Identified, one_of


class Outcome(models.TextChoices):
    """What came of an objection; empty while it is open."""

    UPHELD = "upheld", "upheld: the finding stands"
    CORRECTED = "corrected", "corrected: the finding is superseded"
    WITHDRAWN = "withdrawn", "withdrawn by the objector"


class Dispute(Identified):
    """A provider objects to one finding of one run, or to its verdict, and the operator answers in time."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="disputes")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="disputes")
    check_name = models.CharField(
        max_length=80, blank=True, help_text="Of the finding; empty: the verdict as a whole."
    )
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, null=True, blank=True, related_name="disputes"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.SET_NULL, null=True, blank=True, related_name="disputes"
    )
    objector = models.CharField(max_length=160, help_text="The organisation's name when it objected.")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    statement = models.TextField(
        validators=[MaxLengthValidator(5000)], help_text="What is wrong, in the objector's words."
    )
    evidence = models.TextField(
        validators=[MaxLengthValidator(5000)],
        blank=True,
        help_text="What shows it: links, figures, a configuration.",
    )
    opened = models.DateTimeField()
    due = models.DateTimeField(help_text="By when the operator answers.")
    outcome = models.CharField(max_length=20, blank=True, choices=Outcome)
    answer = models.TextField(validators=[MaxLengthValidator(5000)], blank=True)
    answered = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-opened", "-id")
        constraints = (
            one_of("outcome", ["", *Outcome.values], "dispute_outcome_known_word"),
            models.CheckConstraint(
                condition=Q(outcome="", answered__isnull=True) | (~Q(outcome="") & Q(answered__isnull=False)),
                name="dispute_outcome_has_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["upheld", "corrected"]) | ~Q(answer=""),
                name="dispute_outcome_has_an_answer",
            ),
            models.UniqueConstraint(
                fields=("run", "check_name"), condition=Q(outcome=""), name="dispute_one_open_a_finding"
            ),
        )
        indexes = (models.Index(fields=("outcome", "due"), name="dispute_to_answer"),)

    def __str__(self) -> str:
        return f"{self.objector} on {self.endpoint} ({self.outcome or 'open'})"
