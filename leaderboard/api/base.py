"""What every route shares: what it may be asked, its quota, its validators."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_filters import FilterSet
from rest_framework.exceptions import MethodNotAllowed, NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leaderboard.api import conditional
from leaderboard.api.deprecation import Deprecation

MAX_QUERY = 2_000


class ApiView(APIView):
    """One document. `parameters` names the query parameters that it takes, `quota` the policy it counts by.

    A view sets `self.modified` where it knows when what it answers last changed; `deprecation` where it is
    to go away. `is_shared`: asked without a filter it answers everybody the same (leaderboard.kept_pages).
    """

    parameters: Iterable[str] = ()
    quota = "reads"
    is_shared = False
    modified: datetime | None = None
    deprecation: Deprecation | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """What is not there is told before anybody is asked who they are."""
        method = str(request.method).lower()
        if method not in self.http_method_names or not hasattr(self, method) or method == "options":
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        if any("\0" in str(value) for value in kwargs.values()):
            raise NotFound("Nothing is published at this address.")
        self._refuse_unknown(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Validators and what is left of the quota, as soon as the bytes are known."""
        response = super().finalize_response(request, response, *args, **kwargs)
        left = getattr(request._request, "quota_left", None)
        if isinstance(response, Response):
            finish = partial(_finished, request._request, self, left)
            response.add_post_render_callback(finish)
            return response
        return _finished(request._request, self, left, response)

    def known_parameters(self) -> set[str]:
        """The query parameters that this route takes."""
        return set(self.parameters)

    def _refuse_unknown(self, request: Request) -> None:
        """A misspelt filter would pass everything; a repeated one would be half ignored."""
        known = self.known_parameters()
        for name, values in request.query_params.lists():
            if name not in known:
                expected = f"Known here: {', '.join(sorted(known))}." if known else "None is known here."
                raise ValidationError({name[:80]: f"There is no such parameter. {expected}"})
            if len(values) > 1:
                raise ValidationError({name: "Given more than once; separate several values by commas."})
            if not values[0]:
                raise ValidationError({name: "Empty: give it a value or leave it out."})
            if len(values[0]) > MAX_QUERY or "\0" in values[0]:
                raise ValidationError({name: f"At most {MAX_QUERY} characters, none of them null."})


class ListView(ApiView, GenericAPIView[Any]):
    """A filtered list in cursor pages. The subclass names `queryset` and `filterset_class`."""

    filterset_class: type[FilterSet] | None = None

    def known_parameters(self) -> set[str]:
        """Those of the filters and of the pages besides."""
        filters = set(self.filterset_class.base_filters) if self.filterset_class else set()
        return {*self.parameters, *filters, *({"cursor", "limit"} if self.pagination_class else ())}

    def page(self, documents: Callable[[Any], Any], of: QuerySet[Any] | None = None) -> Response:
        """The page asked for of the filtered list; `documents` turns a row into JSON-ready data."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset() if of is None else of))
        return self.get_paginated_response([documents(row) for row in rows or ()])


class NothingHere(ApiView):
    """Every address under /api/ that nothing else answers."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Counted like any request, and not there."""
        self.check_throttles(request)
        raise NotFound("There is nothing at this address. /api/docs/ lists what there is.")


def sparse(document: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """Only these top-level fields of a document; none means all."""
    return {name: document[name] for name in document if not fields or name in fields}


def chosen(request: Request, name: str, known: Iterable[str]) -> set[str]:
    """The values of a parameter that lists words. Raises ValidationError for an unknown one."""
    given = request.query_params.get(name)
    found = set() if given is None else set(given.split(","))
    if unknown := sorted(found - set(known)):
        raise ValidationError({name: f"There is no {unknown[0][:80]!r}. Known: {', '.join(sorted(known))}."})
    return found


def _finished(request: HttpRequest, view: ApiView, left: Any, response: HttpResponse) -> HttpResponseBase:
    found = conditional.conditional(request, response, view.modified)
    for name, value in (left.headers() if left is not None else {}).items():
        found[name] = value
    for name, value in (view.deprecation.headers() if view.deprecation else {}).items():
        found[name] = value
    found["Cross-Origin-Resource-Policy"] = "cross-origin"
    return found
