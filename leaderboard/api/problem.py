"""One shape for every error: problem documents (RFC 9457), also for what never reaches a view."""

from __future__ import annotations

import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

CONTENT_TYPE = "application/problem+json"
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"


def problem(status: int, detail: str, code: str, **more: Any) -> dict[str, Any]:
    """The document. `code` is for programs, `detail` for people; `more` are members of its own."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
            "code": code, **more}  # fmt: skip


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler. Errors of ours are left to Django: `server_error` answers."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(*error.args)
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied(*error.args)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers: dict[str, str] = {}
    if asked := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = asked
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    return Response(_document(error), status=error.status_code, headers=headers, content_type=CONTENT_TYPE)


def _document(error: exceptions.APIException) -> dict[str, Any]:
    status, codes = error.status_code, error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    if isinstance(error, exceptions.ValidationError):
        errors = list(_errors(error.detail))
        detail = "; ".join(
            f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in errors
        )
        return problem(status, detail, "invalid", errors=errors)
    if isinstance(error, exceptions.Throttled):
        document = problem(status, "The quota of requests is used up for now: see Retry-After.", "throttled")
        return {**document, "type": QUOTA_EXCEEDED, "violated-policies": [getattr(error, "policy", "reads")]}
    return problem(status, str(error.detail), code)


def _errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Every message of a validation error with the field it is about, dots between the levels."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            inside = "" if name == "non_field_errors" else str(name)
            yield from _errors(inner, ".".join(part for part in (field, inside) if part))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _errors(inner, f"{field}.{number}".lstrip(".") if nested else field)
    else:
        yield {"field": field, "detail": str(detail), "code": getattr(detail, "code", None) or "invalid"}


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception, *args: Any) -> HttpResponseBase:
    """Django's handler400: a request that never reached a view."""
    if not _is_api(request):
        return defaults.bad_request(request, exception, *args)
    return _plain(400, "This request can't be understood.", "bad_request")


def server_error(request: HttpRequest, *args: Any) -> HttpResponseBase:
    """Django's handler500: our failure, without its reasons."""
    if not _is_api(request):
        return defaults.server_error(request, *args)
    return _plain(500, "This is our failure, not yours; it was recorded.", "server_error")


def _plain(status: int, detail: str, code: str) -> HttpResponse:
    return JsonResponse(problem(status, detail, code), status=status, content_type=CONTENT_TYPE)
