"""Runs and their findings: the raw numbers behind every headline, at an address that stays."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from leaderboard import run_documents, selectors
from leaderboard.api import schemas
from leaderboard.api.base import ApiView, chosen, sparse
from leaderboard.api.endpoints import fields_of
from leaderboard.run_documents import Published
from verifier import suites
from verifier.models import Finding as FindingRow
from verifier.models import Run as Row

FIELDS = fields_of(name for name in schemas.Run._declared_fields if name != "findings")
INCLUDE = OpenApiParameter(
    "include", str, enum=["findings"], description="`findings`: the findings with the run, in `findings`."
)


class Run(ApiView):
    """One run."""

    parameters = ("fields", "include")

    @extend_schema(
        operation_id="runs_read", summary="One run", parameters=[FIELDS, INCLUDE], responses=schemas.Run
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """Its result with every number behind it. Of an accusation that is not published: without verdict."""
        run, published = _public(run_id)
        included = chosen(request, "include", ["findings"])
        document = run_documents.document(selectors.columns_of(run), published)
        if "findings" in included:
            document["findings"] = _findings(run, published)
        return Response(sparse(document, chosen(request, "fields", document)))


class Findings(ApiView):
    """The findings of one run."""

    @extend_schema(operation_id="runs_findings", summary="The findings of a run", responses=schemas.Findings)
    def get(self, request: Request, run_id: UUID) -> Response:
        """What every check says, with its estimate, interval and n. Texts of hidden prompts are left out, and
        tokens after them numbered, until their pool is retired.
        """
        return Response({"results": _findings(*_public(run_id))})


def _public(run_id: UUID) -> tuple[Row, Published]:
    run = selectors.run(run_id)
    if run is None:
        raise NotFound("No run of this id is public.")
    current = selectors.served_endpoint(run.endpoint_id)
    verdicts = selectors.verdicts_published_with(run_id)
    return run, Published(verdicts, None if current is None else current.document)


def _findings(run: Row, published: Published) -> list[dict[str, Any]]:
    return findings_of(run, silent=published.silent(run.verdict))


def findings_of(run: Row, *, silent: bool) -> list[dict[str, Any]]:
    """A run's findings; `silent` as in `run_documents.finding`. Of hidden prompts no text is told until their
    pool is retired.
    """
    if run.result is None:
        return []
    pool = run.baseline.hidden_sha256
    retired = bool(pool) and selectors.pool_is_retired(pool)
    return [
        run_documents.finding(_stored(one), silent, (lambda _: True) if retired else is_public)
        for one in selectors.findings_of(run.pk)
    ]


def _stored(one: FindingRow) -> dict[str, Any]:
    """A finding's columns, as `run_documents.finding` takes them."""
    return {
        "check": one.check_name,
        "version": one.version,
        "outcome": one.outcome,
        "cause": one.cause,
        "estimate": one.estimate,
        "low": one.low,
        "high": one.high,
        "n": one.n,
        "unit": one.unit,
        "details": one.details,
    }


def is_public(prompt: str) -> bool:
    """Whether this text is a prompt of a public pool."""
    return prompt in _public_prompts()


@cache
def _public_prompts() -> frozenset[str]:
    return frozenset(
        str(message["content"])
        for name in suites.names()
        for prompt in suites.load(name).prompts
        for message in prompt.messages
    )
