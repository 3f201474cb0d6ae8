"""The addresses of submissions."""

from __future__ import annotations

from django.urls import path

from leaderboard.pages import submissions

app_name = "submit"

urlpatterns = [
    path("", submissions.submit, name="new"),
    path("claim/<uuid:endpoint_id>/", submissions.claim, name="claim"),
    path("<uuid:submission_id>/", submissions.submission, name="submission"),
    path("<uuid:submission_id>/edit/", submissions.edit, name="edit"),
    path("<uuid:submission_id>/prove/", submissions.prove, name="prove"),
    path("<uuid:submission_id>/prove-another/", submissions.prove_another, name="prove-another"),
    path("<uuid:submission_id>/runs/<uuid:run_id>/", submissions.run, name="run"),
    path("<uuid:submission_id>/runs/<uuid:run_id>/progress/", submissions.progress, name="progress"),
    path("<uuid:submission_id>/<slug:what>/", submissions.act, name="act"),
]
