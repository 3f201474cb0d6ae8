"""The addresses of what the operator owes its readers."""

from __future__ import annotations

from django.urls import path

from leaderboard.languages import spoken
from leaderboard.pages import legal

app_name = "legal"

urlpatterns = [
    path(spoken("privacy/"), legal.privacy, name="privacy"),
    path(spoken("terms/"), legal.terms, name="terms"),
    path(spoken("contact/"), legal.contact, name="contact"),
    path(spoken("data-licence/"), legal.data_licence, name="data-licence"),
]
