"""Every change of what is published of an endpoint is recorded, whoever makes it and wherever."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from leaderboard.services import audit
from verifier.models import Endpoint

PUBLIC = (
    "provider_id", "model_id", "variant", "label", "base_url", "upstream_model", "declared_quantization",
    "region", "price_in", "price_out", "what", "is_control", "listed",
)  # fmt: skip
_BEFORE = "_published_before"


@receiver(pre_save, sender=Endpoint, dispatch_uid="leaderboard.audit.before")
def remember(sender: type[Endpoint], instance: Endpoint, **kwargs: Any) -> None:
    """What was said of it until now."""
    setattr(instance, _BEFORE, Endpoint.objects.filter(pk=instance.pk).values(*PUBLIC).first())


@receiver(post_save, sender=Endpoint, dispatch_uid="leaderboard.audit.after")
def compare(sender: type[Endpoint], instance: Endpoint, created: bool, **kwargs: Any) -> None:
    """What has changed of an endpoint that is listed, or was."""
    before = instance.__dict__.pop(_BEFORE, None)
    if created or before is None:
        if instance.listed:
            audit.record("endpoint.listed", instance)
        return
    now = Endpoint.objects.filter(pk=instance.pk).values(*PUBLIC).get()
    changed = {name: [_text(before[name]), _text(now[name])] for name in PUBLIC if before[name] != now[name]}
    if changed and (before["listed"] or now["listed"]):
        audit.record("endpoint.changed", instance, details=changed)


@receiver(post_delete, sender=Endpoint, dispatch_uid="leaderboard.audit.deleted")
def gone(sender: type[Endpoint], instance: Endpoint, **kwargs: Any) -> None:
    """A row that is no more."""
    audit.record("endpoint.deleted", instance, details={"label": instance.label})


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | str) else str(value)
