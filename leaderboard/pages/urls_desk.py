"""The addresses of the operator's desk; whoever is not the operator is sent to the operator's login."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from leaderboard.pages import desk

app_name = "desk"

urlpatterns = [
    path("", admin.site.admin_view(desk.desk), name="desk"),
    path("<slug:what>/<uuid:which>/", admin.site.admin_view(desk.act), name="act"),
]
