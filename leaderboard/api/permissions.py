"""Who may do what: anybody reads what is published, only a token writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # these modules are named in REST framework's settings, which its views read
    from rest_framework.views import APIView


class ReadsAreOpen(BasePermission):
    """Reads are open; everything else needs whoever `authentication.py` recognised by a token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or bool(request.user and request.auth)


class ByScope(BasePermission):
    """A token with the scope that the view names for this method in `scopes`; no scope: open to anybody."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = "GET" if request.method == "HEAD" else str(request.method)
        scope = getattr(view, "scopes", {})[method]
        if not scope:
            return True
        if not request.auth:
            return False
        if scope not in getattr(request.auth, "scopes", ()):
            raise PermissionDenied(f"This takes a token with the scope `{scope}`.")
        return True
