"""One verification: run, observations, findings."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from verifier.models.base import Job, JsonTextField, StoredAnswer, one_of
from verifier.models.baselines import Baseline
from verifier.models.registry import Endpoint


class RunState(models.TextChoices):
    """Where a run is in its life."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    COMPLETE = "complete", "complete"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class Verdict(models.TextChoices):
    """What a complete run says (DESIGN.md section 2)."""

    FAITHFUL = "faithful", "faithful"
    DEVIATING = "deviating", "deviating"
    DIFFERENT_MODEL = "different-model", "different model"
    INCONCLUSIVE = "inconclusive", "inconclusive"
    INSUFFICIENT_ACCESS = "insufficient-access", "insufficient access"
    NOT_MEASURED = "not-measured", "not measured"


CONFIRMATION, ALARM = "confirmation", "alarm"
CONFIRMING = (CONFIRMATION, ALARM)
"""Triggers of runs that ask once more, with a seed of their own, what the run before them says or hints at:
being independent, their e-values multiply. A run with any other trigger stands for itself."""
LOOK, SCHEDULED, RECHECK = "look", "scheduled", "recheck"
"""Triggers of monitoring: a look feeds the e-detector and says nothing by itself; a scheduled run is a whole
one; a recheck is asked for by the alarm of a look, or by a doubt, and stands for itself."""
WATCHING = (LOOK, SCHEDULED, RECHECK)
OWN_SEED = (*CONFIRMING, RECHECK)
"""Triggers of runs that draw a seed of their own."""


class Run(Job):
    """One verification of one endpoint against one baseline."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="runs")
    baseline = models.ForeignKey(Baseline, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=20, choices=RunState, default=RunState.QUEUED)
    seed = models.PositiveBigIntegerField(default=0)
    settings = models.JSONField(
        default=dict, blank=True, help_text="verifier.verification.Settings, as JSON."
    )
    trigger = models.CharField(max_length=40, default="operator", help_text="Who or what asked for it.")
    private = models.BooleanField(
        default=False, help_text="Seen by the provider and the operator alone; nothing of it is published."
    )
    blind = models.BooleanField(
        default=False, help_text="Asked with the operator's blind key, not with the declared one."
    )
    result = JsonTextField(null=True, blank=True, help_text="The result as `assay verify --json` writes it.")
    verdict = models.CharField(max_length=24, blank=True, choices=Verdict)
    fidelity = models.FloatField(null=True, blank=True)
    fidelity_low = models.FloatField(null=True, blank=True)
    fidelity_high = models.FloatField(null=True, blank=True)
    announced = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When everybody who listens had heard of its end."
    )
    policy_version = models.CharField(max_length=20, blank=True)
    accusation = models.FloatField(
        null=True,
        blank=True,
        help_text="The e-value of an accusation as it stands at the end; empty where nothing was weighed.",
    )
    prompts = models.PositiveIntegerField(default=0, help_text="Prompts that were asked and usable.")
    course = models.JSONField(
        default=list,
        editable=False,
        help_text="How the evidence grew: requests done, e-value against honesty, e-value for faithfulness.",
    )
    spent = models.FloatField(
        default=0.0,
        editable=False,
        help_text="US dollars for its tokens, at the prices that were listed when it asked.",
    )

    class Meta:
        ordering = ("-created",)
        constraints = (
            one_of("state", RunState.values, "run_state_known_word"),
            one_of("verdict", ["", *Verdict.values], "run_verdict_known_word"),
            models.CheckConstraint(
                condition=~Q(state=RunState.COMPLETE)
                | (~Q(verdict="") & Q(result__isnull=False, ended__isnull=False)),
                name="run_complete_has_verdict",
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.COMPLETE) | Q(verdict=""), name="run_verdict_only_when_complete"
            ),
            models.CheckConstraint(
                condition=~Q(state=RunState.FAILED) | ~Q(error=""), name="run_failed_says_why"
            ),
            models.CheckConstraint(
                condition=Q(fidelity__isnull=True)
                | Q(
                    fidelity__gte=0,
                    fidelity__lte=100,
                    fidelity_low__lte=F("fidelity"),
                    fidelity_high__gte=F("fidelity"),
                ),
                name="run_fidelity_within_its_interval",
            ),
            # One open run an endpoint: two at once would slow each other down and spend twice.
            models.UniqueConstraint(
                fields=("endpoint",),
                condition=Q(state__in=["queued", "running"]),
                name="run_one_open_an_endpoint",
            ),
        )
        indexes = (
            models.Index(fields=("endpoint", "state", "-ended"), name="run_latest_of_endpoint"),
            models.Index(fields=("state", "lease_expires_at"), name="run_leases"),
            models.Index(fields=("ended",), condition=Q(announced=None), name="run_unannounced"),
        )

    def __str__(self) -> str:
        return f"run of {self.endpoint} ({self.state})"


class Observation(StoredAnswer):
    """One request of a run and its answer."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="observations")

    class Meta:
        ordering = ("run", "sequence")
        constraints = (
            models.UniqueConstraint(fields=("run", "key", "attempt"), name="observation_kept_once"),
        )
        indexes = (models.Index(fields=("run", "sequence"), name="observation_in_order"),)

    def __str__(self) -> str:
        return self.key


class Finding(models.Model):
    """What one check says of one run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="findings")
    check_name = models.CharField(max_length=80, help_text="The check's name.")
    version = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)
    estimate = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=40, blank=True)
    cause = models.TextField(help_text="One plain sentence.")
    details = JsonTextField(default=dict)

    class Meta:
        ordering = ("run", "id")
        constraints = (
            models.UniqueConstraint(fields=("run", "check_name"), name="finding_one_a_check"),
            one_of(
                "outcome",
                ["pass", "warn", "fail", "inconclusive", "unsupported", "faulty", "error"],
                "finding_outcome_known_word",
            ),
        )

    def __str__(self) -> str:
        return f"{self.check_name}: {self.outcome}"
