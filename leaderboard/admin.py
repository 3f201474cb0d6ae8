"""The operator's view of what is published: to read, never to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from leaderboard.models import Snapshot

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


@admin.register(Snapshot)
class SnapshotAdmin(BaseAdmin):
    """Published boards. They follow from the runs; nobody edits them."""

    list_display = ("model", "published", "digest")
    list_select_related = ("model",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Snapshot | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Snapshot | None = None) -> bool:
        return False
