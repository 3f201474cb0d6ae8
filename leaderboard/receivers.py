"""What presentation does when facts change: publish the board anew, and what follows from it."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from leaderboard import services
from leaderboard.models import CertificateStep
from verifier.models import Endpoint, Model, Run
from verifier.signals import run_ended

log = structlog.get_logger(__name__)


@receiver(run_ended, dispatch_uid="leaderboard.publish")
def publish_run(sender: Any, run_id: UUID, **kwargs: Any) -> None:
    """A run has ended, and that is committed: the board is published, the endpoint's certificate reviewed."""
    run = Run.objects.values_list("endpoint__model_id", "endpoint_id").filter(pk=run_id).first()
    if run is not None:
        model_id, endpoint_id = run
        _keep_evidence(run_id)
        services.publish(model_id)
        services.follow_up()
        services.review(endpoint_id)


@receiver((post_save, post_delete), sender=Endpoint, dispatch_uid="leaderboard.registry")
def publish_registry(sender: type[Endpoint], instance: Endpoint, **kwargs: Any) -> None:
    """An endpoint was registered, renamed or taken off the list: the board follows on commit."""
    transaction.on_commit(partial(_publish, instance.model_id, instance.pk))


@receiver(post_save, sender=CertificateStep, dispatch_uid="leaderboard.certificate")
def publish_certificate(sender: type[CertificateStep], instance: CertificateStep, **kwargs: Any) -> None:
    """A certificate took a step: the board tells it on commit."""
    transaction.on_commit(partial(services.publish, instance.certificate.endpoint.model_id))


def _publish(model_id: UUID, endpoint_id: UUID) -> None:
    if Model.objects.filter(pk=model_id).exists():
        services.publish(model_id)
    services.follow_up()
    services.review(endpoint_id)


def _keep_evidence(run_id: UUID) -> None:
    """A storage that is down keeps nobody from publishing: `keep_missing` stores it later."""
    try:
        services.keep_evidence(run_id)
    except Exception:
        log.exception("evidence is not kept", run=str(run_id))
