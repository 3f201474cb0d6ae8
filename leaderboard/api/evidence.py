"""Evidence as files: what `assay recheck` takes to judge a run again without us."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from leaderboard import selectors, services
from leaderboard.api.base import ApiView
from leaderboard.integrity.bundle import address

GZIP = "application/gzip"


class Evidence(ApiView):
    """A run's evidence bundle."""

    @extend_schema(
        operation_id="runs_evidence",
        summary="The evidence of a run, as one file",
        responses={(200, GZIP): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, run_id: UUID) -> HttpResponse:
        """Gzipped JSON lines: a manifest, then every request with its answer. `assay recheck` gives the
        run's result from it, byte for byte. Hidden prompts and the answers to them are salted hashes until
        their pool is retired; then the whole file is here, the one whose digest log and certificate name.
        """
        run = selectors.run(run_id)
        bundle = None if run is None else selectors.evidence_of(run_id)
        if run is None or bundle is None:
            raise NotFound("No evidence of this run is published.")
        if not run.baseline.hidden_sha256:  # else the file changes when the pool is retired
            self.modified = bundle.kept
        data = services.public_evidence(run, bundle)
        answer = _file(data, f"{run_id}.jsonl.gz", address(data))
        if address(data) != bundle.digest:  # another file will be here one day
            answer["Cache-Control"] = "public, max-age=3600"
        return answer


class Baseline(ApiView):
    """The baseline that runs were compared with."""

    @extend_schema(
        operation_id="baselines_read",
        summary="What runs are compared with, as one file",
        responses={(200, GZIP): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, digest: str) -> HttpResponse:
        """The reference's answers, the honest band and the ladder. `digest` is `sha256:…`, as results name
        it. One that tells of a hidden pool is kept back until that pool is retired.
        """
        found = selectors.public_baseline(digest)
        if found is None:
            raise NotFound("No baseline of this digest is published, or a hidden pool in use is part of it.")
        return _file(bytes(found.data or b""), f"{digest.replace(':', '-')[:80]}.json.gz", digest)


def _file(data: bytes, name: str, digest: str) -> HttpResponse:
    response = HttpResponse(data, content_type=GZIP)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["ETag"] = f'"{digest}"'
    # Its name is its content: it is never another.
    response["Cache-Control"] = "public, max-age=86400, immutable"
    return response
