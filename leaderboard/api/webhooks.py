"""Webhooks of an organisation: added, looked at, sent again, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import selectors, services
from leaderboard.api import schemas_writes as schemas
from leaderboard.api.writes import Guarded, GuardedList, said
from leaderboard.models import Delivery as DeliveryRow
from leaderboard.models import DeliveryState, Scope
from leaderboard.models import Webhook as Row
from leaderboard.selectors import alerts as known
from verifier.models import Endpoint, Model, Provider


class OfOne(Guarded):
    """About one webhook of the token's organisation."""

    def found(self, webhook_id: UUID) -> Row:
        """Raises NotFound."""
        found = known.webhooks_of(self.organisation).filter(pk=webhook_id).first()
        if found is None:
            raise NotFound("No webhook of your organisation has this id.")
        return found


class Webhooks(GuardedList):
    """All of an organisation's."""

    queryset = Row.objects.none()
    scopes: Mapping[str, str] = {"GET": Scope.WEBHOOKS, "POST": Scope.WEBHOOKS}

    @extend_schema(
        operation_id="webhooks_list", summary="Your webhooks", responses=schemas.Webhook(many=True)
    )
    def get(self, request: Request) -> Response:
        """The newest first. Secrets are not told again."""
        return self.page(document, known.webhooks_of(self.organisation).order_by("-pk"))

    @extend_schema(
        operation_id="webhooks_create",
        summary="Add a webhook",
        request=schemas.NewWebhook,
        responses={201: schemas.WebhookAdded},
    )
    def post(self, request: Request) -> Response:
        """Alerts are posted there from now on (Standard Webhooks). Its secret is told this once."""
        given = said(schemas.NewWebhook, request)
        subject = _subject(given)

        def act() -> tuple[int, dict[str, Any]]:
            made, secret = services.add_webhook(given["url"], subject, organisation=self.organisation)
            return 201, {**document(made), "secret": secret}

        return self.act(request, act, keeps=False)


class Webhook(OfOne):
    """One of them."""

    scopes: Mapping[str, str] = {"GET": Scope.WEBHOOKS, "DELETE": Scope.WEBHOOKS}

    @extend_schema(operation_id="webhooks_read", summary="One webhook", responses=schemas.Webhook)
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """What it hears of, and whether it is active."""
        return Response(document(self.found(webhook_id)))

    @extend_schema(operation_id="webhooks_delete", summary="Remove a webhook", responses={204: None})
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        """Nothing more is posted there; its delivery log goes with it."""
        services.remove_webhook(self.found(webhook_id))
        return Response(status=204)


class Deliveries(OfOne):
    """What was posted."""

    scopes: Mapping[str, str] = {"GET": Scope.WEBHOOKS}

    @extend_schema(
        operation_id="webhooks_deliveries",
        summary="The delivery log of a webhook",
        responses=schemas.Deliveries,
    )
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """The last 50, the newest first, each with every attempt and what was answered."""
        found = known.deliveries_of(self.found(webhook_id).pk)
        return Response({"results": [delivery(one) for one in found]})


class Replay(OfOne):
    """Once more."""

    scopes: Mapping[str, str] = {"POST": Scope.WEBHOOKS}

    @extend_schema(
        operation_id="webhooks_replay",
        summary="Send a delivery once more",
        request=None,
        responses={202: schemas.Delivery},
    )
    def post(self, request: Request, webhook_id: UUID, delivery_id: UUID) -> Response:
        """Under the same id, so that a receiver that has it already takes it once."""
        webhook = self.found(webhook_id)
        mine = next((one for one in known.deliveries_of(webhook.pk) if one.pk == delivery_id), None)
        if mine is None:
            raise NotFound("No recent delivery of this webhook has this id.")

        def act() -> tuple[int, dict[str, Any]]:
            services.replay(mine.pk)
            return 202, delivery(next(one for one in known.deliveries_of(webhook.pk) if one.pk == mine.pk))

        return self.act(request, act)


def document(webhook: Row) -> dict[str, Any]:
    """A webhook without its secret."""
    return {
        "id": str(webhook.pk),
        "url": webhook.url,
        "endpoint": None if webhook.endpoint_id is None else str(webhook.endpoint_id),
        "model": None if webhook.model is None else webhook.model.slug,
        "provider": None if webhook.provider is None else webhook.provider.slug,
        "active": webhook.active,
        "stopped": webhook.stopped,
        "created": webhook.created.isoformat(),
    }


def delivery(one: DeliveryRow) -> dict[str, Any]:
    """A delivery with its attempts."""
    return {
        "id": str(one.pk),
        "kind": one.alert.kind,
        "title": one.alert.title,
        "state": one.state,
        "created": one.created.isoformat(),
        "due": one.due.isoformat() if one.state == DeliveryState.WAITING else None,
        "attempts": [
            {"at": at.at.isoformat(), "status": at.status, "detail": at.detail, "seconds": at.seconds}
            for at in one.log.all()
        ],
    }


def _subject(given: dict[str, Any]) -> Endpoint | Model | Provider | None:
    named = [name for name in ("endpoint", "model", "provider") if given.get(name)]
    if len(named) > 1:
        raise ValidationError({named[1]: "Name one of endpoint, model and provider, or none of them."})
    if not named:
        return None
    name = named[0]
    found: Endpoint | Model | Provider | None = None
    if name == "endpoint":
        found = selectors.endpoint(given[name])
    elif name == "model":
        org, _, of = given[name].partition("/")
        found = Model.objects.filter(org=org, name=of).first()
    else:
        found = Provider.objects.filter(slug=given[name]).first()
    if found is None:
        raise ValidationError({name: "There is none of this name to hear of."})
    return found
