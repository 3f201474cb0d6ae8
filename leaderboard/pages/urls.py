"""The addresses of the public pages."""

from __future__ import annotations

from django.urls import path

from leaderboard.languages import spoken
from leaderboard.pages import compare, guide, operations, views, web

app_name = "pages"

urlpatterns = [
    path(spoken(""), views.board, name="board"),
    path(spoken("compare/"), compare.compare, name="compare"),
    path(spoken("models/"), views.models, name="models"),
    path(spoken("models/<str:org>/<str:name>/"), views.model, name="model"),
    path(spoken("providers/"), views.providers, name="providers"),
    path(spoken("providers/<slug:slug>/"), views.provider, name="provider"),
    path(spoken("endpoints/<uuid:endpoint_id>/"), views.endpoint, name="endpoint"),
    path("endpoints/<uuid:endpoint_id>/card.png", web.card, name="card"),
    path(spoken("runs/<uuid:run_id>/"), views.run, name="run"),
    path(spoken("runs/<uuid:run_id>/progress/"), views.progress, name="progress"),
    path(spoken("runs/<uuid:run_id>/probes/"), views.probes, name="probes"),
    path(spoken("runs/<uuid:run_id>/probes/<int:number>/"), views.probe, name="probe"),
    path("runs/<uuid:run_id>/probes/<int:number>.json", views.probe_json, name="probe-json"),
    path(spoken("status/"), web.status, name="status"),
    path(spoken("about/"), web.about, name="about"),
    path("style/", web.style, name="style"),
    path("healthz", operations.healthz, name="healthz"),
    path("readyz", operations.readyz, name="readyz"),
    path("metrics", operations.metrics, name="metrics"),
    path("sitemap.xml", web.sitemap, name="sitemap"),
    path("robots.txt", web.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path(spoken("methodology/"), views.methodology, name="methodology"),
    path(spoken("guide/"), guide.guide, name="guide"),
]
