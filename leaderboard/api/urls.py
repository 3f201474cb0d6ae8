"""Every address under /api/. The last one answers what nothing else does."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from leaderboard.api import docs, endpoints, models
from leaderboard.api.base import NothingHere

app_name = "api"

v1: list[URLPattern | URLResolver] = [
    path("openapi.json", docs.OpenApiJson.as_view(), name="openapi-json"),
    path("openapi.yaml", docs.OpenApiYaml.as_view(), name="openapi-yaml"),
    path("models", models.Models.as_view(), name="models"),
    path("models/<str:org>/<str:name>", models.Model.as_view(), name="model"),
    path("endpoints", endpoints.Endpoints.as_view(), name="endpoints"),
    path("endpoints/<uuid:endpoint_id>", endpoints.Endpoint.as_view(), name="endpoint"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^docs/?$", docs.docs, name="docs"),
    path("v1/", include(v1)),
    re_path(r"", NothingHere.as_view()),
]
