"""Every address under /api/. The last one answers what nothing else does."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from leaderboard.api import (
    badges,
    certificates,
    changes,
    disputes,
    docs,
    endpoints,
    evidence,
    exports,
    log,
    models,
    private_runs,
    providers,
    routers,
    runs,
    submissions,
    webhooks,
)
from leaderboard.api.base import NothingHere

app_name = "api"

v1: list[URLPattern | URLResolver] = [
    path("openapi.json", docs.OpenApiJson.as_view(), name="openapi-json"),
    path("openapi.yaml", docs.OpenApiYaml.as_view(), name="openapi-yaml"),
    path("models", models.Models.as_view(), name="models"),
    path("models/<str:org>/<str:name>", models.Model.as_view(), name="model"),
    path("models/<str:org>/<str:name>/leaderboard", models.Leaderboard.as_view(), name="leaderboard"),
    path("providers", providers.Providers.as_view(), name="providers"),
    path("providers/<slug:slug>", providers.Provider.as_view(), name="provider"),
    path("baselines/<str:digest>", evidence.Baseline.as_view(), name="baseline"),
    path("runs/<uuid:run_id>/evidence", evidence.Evidence.as_view(), name="evidence"),
    path("certificates/<uuid:certificate_id>", certificates.Certificate.as_view(), name="certificate"),
    path("certificates/<uuid:certificate_id>/status", certificates.Status.as_view(), name="status"),
    path("log/checkpoint", log.Checkpoint.as_view(), name="log-checkpoint"),
    path("log/entries", log.Entries.as_view(), name="log-entries"),
    path("log/proof/<int:index>", log.Proof.as_view(), name="log-proof"),
    path("log/consistency/<int:first>", log.Consistency.as_view(), name="log-consistency"),
    path("changes", changes.Changes.as_view(), name="changes"),
    path("runs/<uuid:run_id>", runs.Run.as_view(), name="run"),
    path("runs/<uuid:run_id>/findings", runs.Findings.as_view(), name="findings"),
    path("endpoints", endpoints.Endpoints.as_view(), name="endpoints"),
    path("endpoints/<uuid:endpoint_id>", endpoints.Endpoint.as_view(), name="endpoint"),
    path("endpoints/<uuid:endpoint_id>/history", changes.History.as_view(), name="history"),
    path("endpoints/<uuid:endpoint_id>/badge.svg", badges.svg, name="badge-svg"),
    path("endpoints/<uuid:endpoint_id>/badge.json", badges.BadgeJson.as_view(), name="badge-json"),
    path("endpoints/<uuid:endpoint_id>/card", badges.card, name="card"),
    path("exports/leaderboard.csv", exports.Csv.as_view(), name="export-csv"),
    path("exports/leaderboard.json", exports.Json.as_view(), name="export-json"),
    path("exports/leaderboard.parquet", exports.Parquet.as_view(), name="export-parquet"),
    path("exports/dump.zip", exports.Dump.as_view(), name="export-dump"),
    path("exports/croissant.json", exports.Croissant.as_view(), name="export-croissant"),
    path("routers/openrouter.json", routers.OpenRouter.as_view(), name="openrouter"),
    path("routers/litellm.yaml", routers.LiteLlm.as_view(), name="litellm"),
    path("routers/vercel.json", routers.Vercel.as_view(), name="vercel"),
    path("submissions", submissions.Submissions.as_view(), name="submissions"),
    path("submissions/bulk", submissions.Bulk.as_view(), name="bulk"),
    path("submissions/claims", submissions.Claims.as_view(), name="claims"),
    path("submissions/<uuid:submission_id>", submissions.One.as_view(), name="submission"),
    path("submissions/<uuid:submission_id>/proof", submissions.Proof.as_view(), name="proof"),
    path("submissions/<uuid:submission_id>/runs", private_runs.PrivateRuns.as_view(), name="private-runs"),
    path(
        "submissions/<uuid:submission_id>/runs/<uuid:run_id>",
        private_runs.PrivateRun.as_view(),
        name="private-run",
    ),
    path("submissions/<uuid:submission_id>/publish", submissions.Publish.as_view(), name="publish"),
    path("submissions/<uuid:submission_id>/delist", submissions.Delist.as_view(), name="delist"),
    path("submissions/<uuid:submission_id>/withdraw", submissions.Withdraw.as_view(), name="withdraw"),
    path("disputes", disputes.Disputes.as_view(), name="disputes"),
    path("disputes/<uuid:dispute_id>", disputes.Dispute.as_view(), name="dispute"),
    path("disputes/<uuid:dispute_id>/withdraw", disputes.Withdraw.as_view(), name="dispute-withdraw"),
    path("webhooks", webhooks.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:webhook_id>", webhooks.Webhook.as_view(), name="webhook"),
    path("webhooks/<uuid:webhook_id>/deliveries", webhooks.Deliveries.as_view(), name="deliveries"),
    path(
        "webhooks/<uuid:webhook_id>/deliveries/<uuid:delivery_id>/replay",
        webhooks.Replay.as_view(),
        name="replay",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^docs/?$", docs.docs, name="docs"),
    path("v1/", include(v1)),
    re_path(r"", NothingHere.as_view()),
]
