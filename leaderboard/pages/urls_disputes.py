"""The addresses of objections."""

from __future__ import annotations

from django.urls import path

from leaderboard.pages import disputes

app_name = "disputes"

urlpatterns = [
    path("disputes/", disputes.disputes, name="disputes"),
    path("disputes/<uuid:dispute_id>/", disputes.dispute, name="dispute"),
    path("disputes/<uuid:dispute_id>/withdraw/", disputes.withdraw, name="withdraw"),
    path("runs/<uuid:run_id>/object/", disputes.object_to, name="object"),
]
