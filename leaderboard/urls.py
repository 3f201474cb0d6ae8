"""Every address of the site."""

from __future__ import annotations

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

admin.site.site_header = "Assay: operator"
admin.site.site_title = "Assay"
admin.site.index_title = "Operator"

urlpatterns: list[URLPattern | URLResolver] = [path(settings.ADMIN_PATH, admin.site.urls)]
if find_spec("leaderboard.pages") and find_spec("leaderboard.pages.urls"):
    urlpatterns.append(path("", include("leaderboard.pages.urls")))
