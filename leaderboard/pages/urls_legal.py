"""The addresses of what the operator owes its readers."""

from __future__ import annotations

from django.urls import path

from leaderboard.pages import legal

app_name = "legal"

urlpatterns = [
    path("privacy/", legal.privacy, name="privacy"),
    path("terms/", legal.terms, name="terms"),
    path("contact/", legal.contact, name="contact"),
    path("data-licence/", legal.data_licence, name="data-licence"),
]
