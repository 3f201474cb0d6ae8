"""Atom feeds: what happened to an endpoint, or to all of a model or a provider."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from leaderboard.models import Alert
from leaderboard.pages.inert import visible
from leaderboard.selectors.alerts import alerts
from verifier.models import Endpoint, Model, Provider

if TYPE_CHECKING:
    AlertFeed = Feed[Alert, Any]
else:
    AlertFeed = Feed


class Alerts(AlertFeed):
    """Everything that happened; the other feeds are parts of it."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return None

    def title(self, obj: Any) -> str:
        return "Assay" if obj is None else f"Assay: {visible(str(obj), lines=False)}"

    def link(self, obj: Any) -> str:
        return reverse("pages:board")

    def subtitle(self, obj: Any) -> str:
        return "Certificates and objections, as they move. Every entry names its reason."

    def items(self, obj: Any) -> list[Alert]:
        return alerts()

    def item_title(self, item: Alert) -> str:
        return visible(item.title, lines=False)

    def item_description(self, item: Alert) -> str:
        return visible(item.text)

    def item_link(self, item: Alert) -> str:
        return item.path

    def item_guid(self, item: Alert) -> str:
        return f"urn:uuid:{item.pk}"

    def item_pubdate(self, item: Alert) -> datetime:
        return item.created

    def item_updateddate(self, item: Alert) -> datetime:
        return item.created

    def item_categories(self, item: Alert) -> tuple[str, ...]:
        return (item.kind, item.endpoint.model.slug, item.endpoint.provider.slug)


class EndpointAlerts(Alerts):
    """Of one listed endpoint."""

    def get_object(self, request: HttpRequest, *args: Any, endpoint_id: UUID, **kwargs: Any) -> Endpoint:
        return Endpoint.objects.get(pk=endpoint_id, listed=True)

    def link(self, obj: Endpoint) -> str:
        return reverse("pages:endpoint", args=[obj.pk])

    def items(self, obj: Endpoint) -> list[Alert]:
        return alerts(endpoint=obj.pk)


class ModelAlerts(Alerts):
    """Of every listed endpoint of a model."""

    def get_object(self, request: HttpRequest, *args: Any, org: str, name: str, **kwargs: Any) -> Model:
        return Model.objects.get(org=org, name=name)

    def link(self, obj: Model) -> str:
        return reverse("pages:model", args=[obj.org, obj.name])

    def items(self, obj: Model) -> list[Alert]:
        return alerts(model=obj.pk)


class ProviderAlerts(Alerts):
    """Of every listed endpoint of a provider."""

    def get_object(self, request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> Provider:
        return Provider.objects.get(slug=slug)

    def link(self, obj: Provider) -> str:
        return reverse("pages:provider", args=[obj.slug])

    def items(self, obj: Provider) -> list[Alert]:
        return alerts(provider=obj.pk)
