"""What is trusted: reference deployments and the baselines recorded from them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from verifier.models.base import Identified, Job, StoredAnswer, one_of
from verifier.models.registry import Model
from verifier.scoring import policy


class ReferenceRole(models.TextChoices):
    """What a trusted deployment is used for."""

    REFERENCE = "reference", "reference: the official weights"
    HONEST = "honest", "honest: the same weights on another stack"
    RUNG = "rung", "rung: a known degradation"
    VARIANT = "variant", "known variant: fingerprint only"


class Reference(Identified):
    """A deployment that the operator runs and trusts. Those used to calibrate are never judged."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="references")
    role = models.CharField(max_length=20, choices=ReferenceRole)
    name = models.SlugField(max_length=80, help_text="Short and unique for the model.")
    label = models.CharField(max_length=160)
    quantization = models.CharField(max_length=20, help_text="The precision it is known to serve.")
    base_url = models.CharField(max_length=500)
    upstream_model = models.CharField(max_length=200)
    provenance = models.TextField(
        blank=True, help_text="Where the weights are from and how they are served, for the public."
    )
    cause = models.CharField(
        max_length=40,
        blank=True,
        choices=[(cause, cause) for cause in policy.CAUSES],
        help_text="What was done to a rung or a known variant: the cause that is named where an endpoint "
        "answers as it does. Nothing is done to the official weights, so the other roles have none.",
    )
    chat_template = models.TextField(
        blank=True,
        help_text="Only of the reference: the model's own chat template (Jinja; tokenizer_config.json has "
        "it). With it, a wrong template or a hidden prompt is told from changed weights.",
    )
    active = models.BooleanField(default=True, help_text="Used when the next baseline is recorded.")
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ("model", "role", "name")
        constraints = (
            models.UniqueConstraint(fields=("model", "name"), name="reference_named_once"),
            one_of("role", ReferenceRole.values, "reference_role_known_word"),
            one_of("cause", ["", *policy.CAUSES], "reference_cause_known_word"),
            models.UniqueConstraint(
                fields=("model",),
                condition=Q(role=ReferenceRole.REFERENCE, active=True),
                name="reference_one_active_a_model",
            ),
        )

    def __str__(self) -> str:
        return f"{self.label} ({self.role})"


class BaselineState(models.TextChoices):
    """Where a baseline is in its life."""

    QUEUED = "queued", "queued"
    RECORDING = "recording", "recording"
    READY = "ready", "ready"
    FAILED = "failed", "failed"


class Baseline(Job):
    """What the reference answered to a suite, with the honest band and the ladder measured against it."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="baselines")
    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="baselines")
    suite_name = models.CharField(max_length=80)
    suite_version = models.CharField(max_length=40)
    suite_sha256 = models.CharField(max_length=80)
    hidden_sha256 = models.CharField(
        max_length=80, blank=True, help_text="Of the hidden pool that some of its prompts may be from."
    )
    seed = models.PositiveBigIntegerField(default=0)
    prompts = models.PositiveIntegerField(
        null=True, blank=True, help_text="Record only that many of the suite's prompts, drawn with the seed."
    )
    calibration_prompts = models.PositiveIntegerField(
        null=True, blank=True, help_text="Ask what calibrates only that many of them, evenly spaced."
    )
    state = models.CharField(max_length=20, choices=BaselineState, default=BaselineState.QUEUED)
    extends = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="extensions",
        help_text="A ready baseline whose contexts and calibration this one keeps, and adds prompts to.",
    )
    data = models.BinaryField(null=True, blank=True, help_text="The baseline file: canonical JSON, gzipped.")
    digest = models.CharField(max_length=80, blank=True, help_text="sha256:... of the canonical JSON.")

    class Meta:
        ordering = ("-created",)
        constraints = (
            one_of("state", BaselineState.values, "baseline_state_known_word"),
            models.CheckConstraint(
                condition=~Q(state=BaselineState.READY) | (Q(data__isnull=False) & ~Q(digest="")),
                name="baseline_ready_has_data",
            ),
            models.CheckConstraint(
                condition=~Q(state=BaselineState.FAILED) | ~Q(error=""), name="baseline_failed_says_why"
            ),
        )
        indexes = (
            models.Index(fields=("model", "state", "-created"), name="baseline_latest"),
            models.Index(fields=("state", "lease_expires_at"), name="baseline_leases"),
        )

    def __str__(self) -> str:
        return f"{self.model} on {self.suite_name} {self.suite_version} ({self.state})"


class RecordedAnswer(StoredAnswer):
    """One answer of a reference deployment, kept while and after its baseline is recorded."""

    baseline = models.ForeignKey(Baseline, on_delete=models.CASCADE, related_name="answers")
    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="answers")

    class Meta:
        ordering = ("baseline", "reference", "sequence")
        constraints = (
            models.UniqueConstraint(
                fields=("baseline", "reference", "key", "attempt"), name="recorded_answer_kept_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference.name}: {self.key}"
