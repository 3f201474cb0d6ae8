"""The addresses of objections."""

from __future__ import annotations

from django.urls import path

from leaderboard.languages import spoken
from leaderboard.pages import disputes

app_name = "disputes"

urlpatterns = [
    path(spoken("disputes/"), disputes.disputes, name="disputes"),
    path(spoken("disputes/<uuid:dispute_id>/"), disputes.dispute, name="dispute"),
    path(spoken("disputes/<uuid:dispute_id>/withdraw/"), disputes.withdraw, name="withdraw"),
    path(spoken("runs/<uuid:run_id>/object/"), disputes.object_to, name="object"),
]
