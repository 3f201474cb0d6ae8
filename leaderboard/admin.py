"""The operator's view of what is published: to read, never to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from leaderboard.models import Certificate, Delivery, Dispute, Snapshot, Webhook

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


class ReadOnly(BaseAdmin):
    """What follows from runs, and from acts that have their own places: the desk has the operator's."""

    list_select_related = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnly):
    """Published boards. They follow from the runs; nobody edits them."""

    list_display = ("model", "published", "digest")


@admin.register(Certificate)
class CertificateAdmin(ReadOnly):
    list_display = ("endpoint", "state", "moved", "expires")
    list_filter = ("state",)


@admin.register(Dispute)
class DisputeAdmin(ReadOnly):
    list_display = ("endpoint", "objector", "check_name", "outcome", "due", "answered")
    list_filter = ("outcome",)


@admin.register(Webhook)
class WebhookAdmin(ReadOnly):
    list_display = ("url", "organisation", "active", "stopped")
    list_filter = ("active",)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    list_display = ("alert", "state", "attempts", "due")
    list_filter = ("state",)
