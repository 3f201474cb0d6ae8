"""The addresses of certificates."""

from __future__ import annotations

from django.urls import path

from leaderboard.languages import spoken
from leaderboard.pages import certificates

app_name = "certificates"

urlpatterns = [
    path(spoken("certificates/<uuid:certificate_id>/"), certificates.certificate, name="certificate"),
    path("certificates/<uuid:certificate_id>/statement.json", certificates.document, name="document"),
    path("certificates/<uuid:certificate_id>/status.json", certificates.status, name="status"),
]
