"""The addresses of accounts and organisations; signing in and out is django-allauth's."""

from __future__ import annotations

from django.urls import path

from leaderboard.pages import account, organisations

app_name = "account"

urlpatterns = [
    path("", account.overview, name="overview"),
    path("export/", account.export, name="export"),
    path("delete/", account.delete, name="delete"),
    path("organisations/new/", account.found, name="found"),
    path("join/<str:secret>/", organisations.join, name="join"),
    path("organisations/<slug:slug>/", organisations.organisation, name="organisation"),
    path("organisations/<slug:slug>/invite/", organisations.invite, name="invite"),
    path(
        "organisations/<slug:slug>/invitations/<uuid:invitation_id>/",
        organisations.take_back,
        name="take-back",
    ),
    path("organisations/<slug:slug>/members/<uuid:member_id>/", organisations.member, name="member"),
    path("organisations/<slug:slug>/tokens/new/", organisations.token, name="token"),
    path("organisations/<slug:slug>/tokens/<uuid:token_id>/revoke/", organisations.revoke, name="revoke"),
]
