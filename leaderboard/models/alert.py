"""What happened that somebody may want to hear of, who wants to, and whether they did."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leaderboard.models.certificate import Certificate
from leaderboard.models.organisation import Organisation
from verifier.models import Endpoint, Model, Provider
from verifier.models.base import Identified, one_of


class Alert(Identified):
    """One event, public: what the feeds list and what mails and webhooks tell."""

    kind = models.CharField(max_length=60, help_text="For example certificate.suspended.")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="alerts")
    certificate = models.ForeignKey(
        Certificate, on_delete=models.PROTECT, null=True, blank=True, related_name="alerts"
    )
    title = models.CharField(max_length=300)
    text = models.TextField()
    path = models.CharField(max_length=300, help_text="The page that tells more.")
    data = models.JSONField(default=dict, help_text="The same for machines.")
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("-created", "-id")
        indexes = (models.Index(fields=("endpoint", "-created"), name="alert_of_endpoint"),)

    def __str__(self) -> str:
        return self.title


class Interest(Identified):
    """What somebody wants to hear of: one endpoint, or all of a model or a provider."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    model = models.ForeignKey(Model, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    SUBJECTS: ClassVar = ("endpoint", "model", "provider")

    class Meta:
        abstract = True

    @property
    def subject(self) -> Any:
        """The endpoint, model or provider; None for everything."""
        return self.endpoint or self.model or self.provider


_ONE = (
    Q(endpoint__isnull=False, model__isnull=True, provider__isnull=True)
    | Q(endpoint__isnull=True, model__isnull=False, provider__isnull=True)
    | Q(endpoint__isnull=True, model__isnull=True, provider__isnull=False)
)
_AT_MOST_ONE = _ONE | Q(endpoint__isnull=True, model__isnull=True, provider__isnull=True)


class Subscription(Interest):
    """An address that is mailed, once its owner has confirmed. It is deleted when they want no more."""

    email = models.EmailField()
    confirmed = models.DateTimeField(null=True, blank=True)
    asked = models.DateTimeField(help_text="When the confirmation was last mailed.")

    class Meta:
        ordering = ("created",)
        constraints = (
            models.CheckConstraint(condition=_ONE, name="subscription_of_one_subject"),
            *(
                models.UniqueConstraint(fields=("email", name), name=f"subscription_once_a_{name}")
                for name in Interest.SUBJECTS
            ),
        )

    def __str__(self) -> str:
        return f"{self.email}: {self.subject}"


class Webhook(Interest):
    """An address that is posted to. Its secret is shown once and kept encrypted."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="webhooks",
        help_text="Whose it is; empty: the operator's.",
    )
    url = models.CharField(max_length=500)
    ciphertext = models.TextField(editable=False)
    active = models.BooleanField(default=True)
    stopped = models.CharField(max_length=300, blank=True, help_text="Why it is not active.")

    class Meta:
        ordering = ("-created",)
        constraints = (models.CheckConstraint(condition=_AT_MOST_ONE, name="webhook_of_one_subject_at_most"),)

    def __str__(self) -> str:
        return self.url


class DeliveryState(models.TextChoices):
    """Where a delivery is in its life."""

    WAITING = "waiting", "waiting"
    DONE = "done", "done"
    DEAD = "dead", "given up"


class Delivery(Identified):
    """One alert on its way to one webhook or one address. `due` moves ahead while somebody sends it."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    state = models.CharField(max_length=20, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due = models.DateTimeField()
    created = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("-created", "-id")
        constraints = (
            one_of("state", DeliveryState.values, "delivery_state_known_word"),
            models.UniqueConstraint(fields=("alert", "webhook"), name="delivery_once_a_webhook"),
            models.UniqueConstraint(fields=("alert", "subscription"), name="delivery_once_an_address"),
            models.CheckConstraint(
                condition=Q(webhook__isnull=False, subscription__isnull=True)
                | Q(webhook__isnull=True, subscription__isnull=False),
                name="delivery_to_exactly_one",
            ),
        )
        indexes = (models.Index(fields=("state", "due"), name="delivery_due"),)

    def __str__(self) -> str:
        return f"{self.alert} ({self.state})"


class DeliveryAttempt(Identified):
    """One attempt and its answer: the delivery log."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    detail = models.CharField(max_length=300)
    seconds = models.FloatField()
    at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.detail
