"""Who serves what: provider, model, endpoint."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from verifier.models.base import Identified


class Provider(Identified):
    """An organisation that serves models, or a laboratory that serves them in known conditions."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    url = models.URLField(blank=True)
    is_lab = models.BooleanField(
        default=False, help_text="Its endpoints are controls that the operator runs."
    )
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Model(Identified):
    """An open-weights model, named as its makers do."""

    org = models.CharField(max_length=120, help_text="For example moonshotai.")
    name = models.CharField(max_length=160, help_text="For example kimi-k2-0905.")
    precision = models.CharField(
        max_length=20, blank=True, help_text="The precision the weights were released in."
    )
    licence = models.CharField(max_length=80, blank=True)
    url = models.URLField(blank=True)
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("org", "name")
        constraints = (
            models.UniqueConstraint(fields=("org", "name"), name="model_named_once"),
            models.CheckConstraint(
                condition=~Q(org="") & ~Q(name="") & ~Q(org__contains="/") & ~Q(name__contains="/"),
                name="model_org_and_name_without_slash",
            ),
        )

    def __str__(self) -> str:
        return self.slug

    @property
    def slug(self) -> str:
        """`org/name`, as in addresses and in the API."""
        return f"{self.org}/{self.name}"


class ControlTruth(models.TextChoices):
    """What the operator knows of a control. The code that judges never reads it."""

    HONEST = "honest", "honest"
    DEGRADED = "degraded", "degraded"


class Endpoint(Identified):
    """One provider's offer of one model in one variant: the row of the board."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="endpoints")
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="endpoints")
    variant = models.CharField(
        max_length=80, blank=True, help_text="Tells two offers of one model apart: turbo."
    )
    label = models.CharField(max_length=160, help_text="The name shown on the board.")
    base_url = models.CharField(max_length=500, help_text="As OpenAI clients use it, usually ending in /v1.")
    upstream_model = models.CharField(max_length=200, help_text="The model id the endpoint expects.")
    declared_quantization = models.CharField(
        max_length=20, default="unknown", help_text="What the provider says."
    )
    region = models.CharField(max_length=80, blank=True)
    price_in = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="US dollars per million prompt tokens.",
    )
    price_out = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="US dollars per million completion tokens.",
    )
    what = models.CharField(max_length=300, blank=True, help_text="A plain note: what this endpoint is.")
    is_control = models.BooleanField(default=False, help_text="The operator knows the truth about it.")
    control_truth = models.CharField(max_length=20, null=True, blank=True, choices=ControlTruth)  # noqa: DJ001
    listed = models.BooleanField(default=True, help_text="Shown on the board.")
    changed = models.DateTimeField(
        default=timezone.now,
        db_default=Now(),
        editable=False,
        help_text="When its address or model id last changed: earlier runs are of another deployment.",
    )
    created = models.DateTimeField(auto_now_add=True, db_default=Now())
    updated = models.DateTimeField(auto_now=True, db_default=Now())

    class Meta:
        ordering = ("label",)
        constraints = (
            models.UniqueConstraint(fields=("provider", "model", "variant"), name="endpoint_offered_once"),
            models.CheckConstraint(
                condition=Q(control_truth__isnull=True) | Q(is_control=True),
                name="endpoint_truth_only_of_controls",
            ),
            models.CheckConstraint(
                condition=Q(control_truth__isnull=True) | Q(control_truth__in=ControlTruth.values),
                name="endpoint_truth_known_word",
            ),
            models.CheckConstraint(
                condition=(Q(price_in__isnull=True) | Q(price_in__gte=0))
                & (Q(price_out__isnull=True) | Q(price_out__gte=0)),
                name="endpoint_prices_not_negative",
            ),
        )
        indexes = (models.Index(fields=("model", "listed"), name="endpoint_by_model"),)

    def __str__(self) -> str:
        return self.label
