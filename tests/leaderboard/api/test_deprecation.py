from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from leaderboard.api.base import ApiView
from leaderboard.api.deprecation import Deprecation
from leaderboard.api.schema import Documented

SINCE = datetime(2027, 1, 1, tzinfo=UTC)
GOING = Deprecation(SINCE, datetime(2027, 8, 1, tzinfo=UTC), "https://assay.example/api/docs/#gone")


class Going(ApiView):
    """A route of yesterday."""

    throttle_classes = ()
    deprecation = GOING

    def get(self, request: Request) -> Response:
        return Response({"still": "here"})


def test_what_goes_away_says_so_in_every_answer() -> None:
    answer = Going.as_view()(APIRequestFactory().get("/"))
    answer.render()
    assert answer.status_code == 200
    assert answer["Deprecation"] == "@1798761600"
    assert answer["Sunset"] == "Sun, 01 Aug 2027 00:00:00 GMT"
    assert answer["Link"] == '<https://assay.example/api/docs/#gone>; rel="deprecation"; type="text/html"'
    again = Going.as_view()(APIRequestFactory().get("/", headers={"If-None-Match": answer["ETag"]}))
    again = again.render()
    assert (again.status_code, again["Deprecation"]) == (304, answer["Deprecation"])


def test_nobody_is_given_less_than_half_a_year() -> None:
    with pytest.raises(ValueError, match="180 days"):
        Deprecation(SINCE, SINCE + timedelta(days=90), "https://assay.example/")


def test_the_description_marks_it() -> None:
    for view, marked in ((Going, True), (ApiView, False)):
        schema = Documented()
        schema.view = view()
        assert schema.is_deprecated() is marked


def test_nothing_is_marked_that_is_not_going() -> None:
    made = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    assert not [one for path in made["paths"].values() for one in path.values() if one.get("deprecated")]
