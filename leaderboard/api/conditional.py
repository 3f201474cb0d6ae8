"""Cheap to poll: strong validators of exactly the bytes that are answered, and how long they may be kept."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date

CACHE = "public, max-age=60, stale-while-revalidate=600"
PRIVATE = "private, no-store"


def etag(*parts: bytes | str) -> str:
    """A strong entity tag of these parts together."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return f'"{found.hexdigest()[:40]}"'


def unchanged(request: HttpRequest, tag: str) -> bool:
    """Whether the client has what this tag is of already: asked before the answer is made."""
    return get_conditional_response(request, tag) is not None


def conditional(
    request: HttpRequest, response: HttpResponse, modified: datetime | None = None
) -> HttpResponseBase:
    """This answer with its validators, or 304 where the client has these very bytes.

    An answer that has an ETag already keeps it; otherwise it is that of its content. What is answered to a
    request with a key, or to a write, is nobody else's.
    """
    readable = request.method in ("GET", "HEAD") and response.status_code == 200
    patch_vary_headers(response, ("Authorization",))
    if request.headers.get("Authorization") or not readable:
        response["Cache-Control"] = PRIVATE
        if response.status_code in (404, 410):
            response["Cache-Control"] = "no-cache"
        return response
    response.setdefault("Cache-Control", CACHE)
    if not response.has_header("ETag"):
        response["ETag"] = etag(response.content)
    seconds = None
    if modified is not None:
        seconds = int(modified.timestamp())
        response["Last-Modified"] = http_date(seconds)
    found = get_conditional_response(request, response["ETag"], seconds, response)
    return response if found is None else found
