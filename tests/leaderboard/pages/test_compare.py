from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from leaderboard import services
from leaderboard.pages.compare import MOST, address, chosen
from tests.leaderboard import factories
from verifier.models import Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def board() -> dict[str, Endpoint]:
    return factories.board()


def text(client: Client, keys: list[Any]) -> str:
    response = client.get("/compare/", {"e": [str(key) for key in keys]})
    assert response.status_code == 200
    return response.content.decode()


def columns(page: str) -> list[str]:
    head = re.search(r'<table class="versus">.*?</thead>', page, re.DOTALL)
    assert head is not None
    return re.findall(r'<th scope="col"><a [^>]*>([^<]*)</a>', head[0])


def test_three_stand_in_the_order_asked_for(client: Client, board: Any) -> None:
    names = ["Lab Q8_0", "Lab f16", "Lab without logprobs"]
    page = text(client, [board[name].pk for name in names])
    assert columns(page) == names
    assert page.count('class="dot"') == 2, "without probabilities there is no dot"
    assert "96.74–97.63" in page
    assert "not a contest" not in page


def test_one_can_be_taken_out(client: Client, board: Any) -> None:
    one, other = board["Lab Q8_0"], board["Lab f16"]
    page = text(client, [one.pk, other.pk])
    assert f'href="/compare/?e={other.pk}"' in page
    assert f'href="/compare/?e={one.pk}"' in page


def test_more_than_six_are_said_to_be_left_out(client: Client, board: Any) -> None:
    page = text(client, [endpoint.pk for endpoint in list(board.values())[:8]])
    assert len(columns(page)) == MOST
    assert "2 more were left out" in page


def test_nonsense_and_what_is_not_listed_is_said_and_nothing_else_happens(client: Client, board: Any) -> None:
    hidden = factories.endpoint("Hidden", listed=False)
    services.publish(hidden.model_id)
    page = text(client, [board["Lab f16"].pk, hidden.pk, uuid7(), "nonsense"])
    assert columns(page) == ["Lab f16"]
    assert "3 of those asked for are on no published board" in page
    assert "Hidden" not in page
    assert "None of the endpoints asked for" in text(client, ["nonsense"])


def test_nothing_chosen_says_how_to_choose(client: Client, board: Any) -> None:
    assert "Nothing is chosen yet" in text(client, [])


def test_different_models_are_no_contest(client: Client, board: Any) -> None:
    other = factories.endpoint("Elsewhere", of=factories.model("org", "another"))
    services.publish(other.model_id)
    assert "not a contest" in text(client, [board["Lab f16"].pk, other.pk])


def test_it_reads_little(client: Client, board: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        text(client, [endpoint.pk for endpoint in list(board.values())[:6]])


def test_ids_are_taken_once_and_in_order() -> None:
    one, other = uuid7(), uuid7()
    assert chosen([str(other), "x", str(one), str(other)]) == ([other, one], 1)
    assert address([one]) == f"?e={one}"
    assert address([]) == "?"
