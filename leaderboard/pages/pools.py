"""`/pools/<sha256>.jsonl`: the prompts of a retired hidden pool, as `assay recheck --hidden` takes them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from leaderboard import services


@require_safe
def pool(request: HttpRequest, sha256: str) -> HttpResponse:
    """The file; its name is its digest. Not found while the pool is in use."""
    data = services.retired_pool(sha256)
    if data is None:
        raise Http404("No retired pool of this digest is published.")
    response = HttpResponse(data, content_type="application/jsonl")
    response["Cache-Control"] = "public, max-age=86400, immutable"
    response["Content-Disposition"] = f'attachment; filename="{sha256}.jsonl"'
    return response
