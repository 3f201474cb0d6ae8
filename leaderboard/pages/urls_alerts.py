"""The addresses of alerts: feeds, and subscriptions by mail."""

from __future__ import annotations

from django.urls import path

from leaderboard.exports import feeds
from leaderboard.languages import spoken
from leaderboard.pages import alerts

app_name = "alerts"

urlpatterns = [
    path("feeds/all.atom", feeds.Alerts(), name="feed"),
    path("feeds/endpoints/<uuid:endpoint_id>.atom", feeds.EndpointAlerts(), name="endpoint_feed"),
    path("feeds/models/<str:org>/<str:name>.atom", feeds.ModelAlerts(), name="model_feed"),
    path("feeds/providers/<slug:slug>.atom", feeds.ProviderAlerts(), name="provider_feed"),
    path(spoken("alerts/endpoints/<uuid:endpoint_id>/"), alerts.endpoint, name="endpoint"),
    path(spoken("alerts/models/<str:org>/<str:name>/"), alerts.model, name="model"),
    path(spoken("alerts/providers/<slug:slug>/"), alerts.provider, name="provider"),
    path(spoken("alerts/confirm/<str:token>/"), alerts.confirm, name="confirm"),
    path(spoken("alerts/unsubscribe/<str:token>/"), alerts.unsubscribe, name="unsubscribe"),
]
