"""Every address of the site."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from leaderboard.languages import spoken

admin.site.site_header = "Assay: operator"
admin.site.site_title = "Assay"
admin.site.index_title = "Operator"

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{settings.ADMIN_PATH}desk/", include("leaderboard.pages.urls_desk")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/", include("leaderboard.api.urls")),
    path(spoken("account/"), include("leaderboard.pages.urls_account")),
    path(spoken("submit/"), include("leaderboard.pages.urls_submit")),
    path("", include("leaderboard.pages.urls_sign_in")),
    path("", include("leaderboard.pages.urls_legal")),
    path("", include("leaderboard.pages.urls_certificates")),
    path("", include("leaderboard.pages.urls_alerts")),
    path("", include("leaderboard.pages.urls_integrity")),
    path("", include("leaderboard.pages.urls_disputes")),
    path("", include("leaderboard.pages.urls")),
]
handler400 = "leaderboard.api.problem.bad_request"
handler500 = "leaderboard.api.problem.server_error"
