from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from leaderboard import services
from leaderboard.pages import numbers
from tests.leaderboard import factories
from verifier.models import Endpoint, Run, RunState

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> \u202egnp.exe\u202c javascript:alert(3)'


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    cache.clear()


@pytest.fixture
def board() -> dict[str, Endpoint]:
    return factories.board()


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode().replace(numbers.THIN, " ")


class Page(HTMLParser):
    """What a page is made of: every element with its attributes, and the text of each heading."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def addresses(board: dict[str, Endpoint]) -> list[str]:
    run = board["Lab Q4_0"].runs.get()
    return [
        "/",
        "/models/",
        "/models/HuggingFaceTB/SmolLM2-135M-Instruct/",
        "/providers/",
        "/providers/test-lab/",
        *(f"/endpoints/{endpoint.pk}/" for endpoint in board.values()),
        f"/runs/{run.pk}/",
    ]


def test_the_board_ranks_with_ties_and_says_what_is_not_measured(client: Client, board: Any) -> None:
    page = text(client, "/")
    assert "Who serves" in page
    assert "3 of 13 endpoints measured do; 8 deviate; 2 undecided." in page
    assert re.search(r'class="rank">=1<input.*?Lab f16', page, re.DOTALL)
    assert "not yet measured" in page
    assert "79 %" in page, "text-only endpoints show agreement"
    assert page.count('class="dot"') == 11, "one dot a measured fidelity"


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 5),
        ("/?verdict=faithful&sort=name&q=lab", 5),
        ("/?cols=price,age", 4),
        ("/models/HuggingFaceTB/SmolLM2-135M-Instruct/", 5),
        ("/models/", 1),
        ("/providers/", 1),
        ("/providers/test-lab/", 2),
    ],
)
def test_pages_of_the_board_read_little(
    client: Client, board: Any, django_assert_num_queries: Any, address: str, queries: int
) -> None:
    with django_assert_num_queries(queries):
        text(client, address)


def test_pages_of_runs_read_little(client: Client, board: Any, django_assert_num_queries: Any) -> None:
    endpoint = board["Lab Q4_0"]
    run = endpoint.runs.get()
    for number in range(2, 60):
        factories.observation(run, number)
    with django_assert_num_queries(6):  # two of them its certificate and the objections
        text(client, f"/endpoints/{endpoint.pk}/")
    with django_assert_num_queries(5):  # one for what is published, since it accuses
        text(client, f"/runs/{run.pk}/?page=2")
    honest = board["Lab f16"].runs.get()
    with django_assert_num_queries(3):  # it has no observations to fetch
        text(client, f"/runs/{honest.pk}/")
    with django_assert_num_queries(1):
        text(client, f"/runs/{run.pk}/progress/")


def test_filters_work_as_plain_links(client: Client, board: Any) -> None:
    page = text(client, "/?verdict=faithful")
    assert "3 of 15 endpoints" in page
    assert "Lab Q8_0" not in page
    assert 'aria-current="true">Faithful' in page
    page = text(client, "/?q=no+such+thing")
    assert "No endpoint passes these filters" in page


def test_a_model_asked_for_by_name(client: Client, board: Any) -> None:
    other = factories.model("org", "another")
    factories.endpoint("Elsewhere", of=other)
    services.publish(other.pk)
    page = text(client, "/?model=org/another")
    assert "Elsewhere" in page
    assert "Lab Q8_0" not in page
    assert 'href="/?model=HuggingFaceTB/SmolLM2-135M-Instruct"' in page
    assert 'value="org/another"' in page, "the search stays with the model"
    text(client, "/?model=org/unknown", 404)
    text(client, "/models/org/unknown/", 404)


def test_without_a_board_the_site_says_what_it_is(client: Client) -> None:
    assert "No board is published yet" in text(client, "/")
    assert "No board is published yet" in text(client, "/models/")
    assert "No provider is listed yet" in text(client, "/providers/")


def test_a_run_under_way_is_linked_from_the_board_and_the_endpoint(client: Client, board: Any) -> None:
    run = factories.open_run(board["Lab Q8_0"])
    assert f'href="/runs/{run.pk}/">under way' in text(client, "/")
    page = text(client, f"/endpoints/{board['Lab Q8_0'].pk}/")
    assert "A run is under way" in page
    assert "120 of 420 requests answered" in page


def test_an_endpoint_opens_with_its_verdict_in_one_sentence(client: Client, board: Any) -> None:
    page = text(client, f"/endpoints/{board['Lab Q4_0'].pk}/")
    heading = re.sub(r"<svg.*?</svg>|<[^>]+>|\s+", " ", re.search(r"<h1.*?</h1>", page, re.DOTALL)[0])  # type: ignore[index]
    assert " ".join(heading.split()) == "Deviating : declared bf16, measured closest to INT4 groups of 64"
    for said in ("At most 78.3 of 100 next tokens", "Figure 1.", "Where it differs most", "assay verify"):
        assert said in page
    assert (
        page.index("<h1") < page.index("<figure") < page.index('id="evidence"') < page.index('id="numbers"')
    )


def test_an_endpoint_without_a_run_claims_nothing(client: Client, board: Any) -> None:
    page = text(client, f"/endpoints/{board['Lab new'].pk}/")
    assert "Not yet measured" in page
    assert "<figure" not in page
    assert 'id="findings"' not in page


def test_text_only_has_a_picture_of_its_own(client: Client, board: Any) -> None:
    page = text(client, f"/endpoints/{board['Lab without logprobs'].pk}/")
    assert "79 % agree (74–83, n 120)" in page
    assert "Without probabilities there is no fidelity" in page


def test_an_endpoint_that_is_down_shows_its_last_verdict(client: Client) -> None:
    endpoint = factories.endpoint("One")
    now = timezone.now()
    factories.run(endpoint, ended=now - timedelta(days=1))
    factories.run(endpoint, factories.result("not-measured", None, agreement=None), ended=now)
    services.publish(endpoint.model_id)
    page = text(client, f"/endpoints/{endpoint.pk}/")
    assert "Deviating" in page
    assert "could not measure" in page


def test_what_is_not_listed_is_not_there(client: Client) -> None:
    hidden = factories.endpoint("Hidden", listed=False)
    run = factories.run(hidden)
    for address in (
        f"/endpoints/{hidden.pk}/",
        f"/runs/{run.pk}/",
        f"/runs/{run.pk}/progress/",
        f"/runs/{uuid7()}/",
        "/providers/nobody/",
        "/runs/nonsense/",
    ):
        assert "There is no such page" in text(client, address, 404)


def test_a_live_run_polls_and_refreshes_without_javascript(client: Client) -> None:
    run = factories.open_run(factories.endpoint("One"))
    page = text(client, f"/runs/{run.pk}/")
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert f'hx-get="/runs/{run.pk}/progress/?seen=Running%3A%20first%20tokens"' in page
    assert 'hx-trigger="every 2s"' in page
    assert '<progress value="120" max="420"' in page
    assert 'role="status">Running: first tokens' in page


def test_progress_is_read_aloud_only_when_there_is_news(client: Client) -> None:
    run = factories.open_run(factories.endpoint("One"))
    response = client.get(f"/runs/{run.pk}/progress/", {"seen": "Running: first tokens"})
    assert "hx-swap-oob" not in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert "HX-Refresh" not in response
    Run.objects.update(stage="estimating")
    response = client.get(f"/runs/{run.pk}/progress/", {"seen": "Running: first tokens"})
    assert '<p id="stage" hx-swap-oob="innerHTML">Running: estimating</p>' in response.content.decode()


def test_the_page_is_fetched_anew_when_the_run_has_ended(client: Client) -> None:
    run = factories.run(factories.endpoint("One"))
    response = client.get(f"/runs/{run.pk}/progress/")
    assert response["HX-Refresh"] == "true"
    assert "hx-get" not in response.content.decode()
    assert "http-equiv" not in text(client, f"/runs/{run.pk}/")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (RunState.QUEUED, "waits for its turn"),
        (RunState.FAILED, "This run failed on our side"),
        (RunState.CANCELLED, "This run was cancelled"),
    ],
)
def test_runs_that_did_not_end_well(client: Client, state: str, said: str) -> None:
    run = factories.open_run(factories.endpoint("One"), state=RunState.QUEUED)
    Run.objects.update(state=state, error="secret of the operator", ended=timezone.now())
    page = text(client, f"/runs/{run.pk}/")
    assert said in page
    assert "secret of the operator" not in page


def test_every_request_is_shown_in_pages_and_by_status(client: Client) -> None:
    run = factories.run(factories.endpoint("One"))
    for number in range(1, 60):
        factories.observation(run, number)
    factories.faulty_observation(run, 60, detail="No answer within 60 s.")
    page = text(client, f"/runs/{run.pk}/")
    assert "60 requests, 1–50 shown" in page
    assert 'href="?page=2#observations"' in page
    page = text(client, f"/runs/{run.pk}/?status=faulty")
    assert "1 request</p>" in page
    assert "timeout: No answer within 60 s." in page
    assert "No request has this status" in text(client, f"/runs/{run.pk}/?status=error")
    assert "Page 2 of 2" in text(client, f"/runs/{run.pk}/?page=999")
    assert "60 requests" in text(client, f"/runs/{run.pk}/?status=nonsense&page=x")


def test_strangers_texts_stay_text(client: Client) -> None:
    endpoint = factories.endpoint(HOSTILE[:150], what=HOSTILE)
    run = factories.run(
        endpoint,
        factories.result(
            cause={"name": HOSTILE, "evidence": HOSTILE},
            declared=HOSTILE[:20],
            measured=HOSTILE[:20],
            sentence=HOSTILE,
            excludes=HOSTILE,
        ),
    )
    factories.finding(
        run,
        [
            factories.divergent(
                prompt=HOSTILE, prefix=HOSTILE, prompt_id=HOSTILE, endpoint=[{"token": HOSTILE, "p": 0.5}]
            )
        ],
        cause=HOSTILE,
        unit="<b>",
    )
    factories.observation(
        run,
        payload={"status": "ok", "answer": {"text": HOSTILE}, "detail": HOSTILE},
        request={"body": {"messages": [{"role": "user", "content": HOSTILE}]}},
    )
    factories.faulty_observation(run, 2, detail=HOSTILE)
    services.publish(endpoint.model_id)
    model = "/models/HuggingFaceTB/SmolLM2-135M-Instruct/"
    here = ("/", model, "/providers/test-lab/", f"/endpoints/{endpoint.pk}/", f"/runs/{run.pk}/")
    for address in (*here, f"/compare/?e={endpoint.pk}", f"/runs/{run.pk}/probes/1/", "/status/"):
        source = text(client, address)
        page = Page(source)
        scripts = [one for one in page.having("script") if one.get("type") != "application/ld+json"]
        assert all(script.get("src") for script in scripts), address
        assert page.having("img") == [], address
        assert "\u202e" not in source, address
        assert "[U+202E]" in source, address
        for link in page.having("a"):
            assert not (link.get("href") or "").startswith("javascript:")


def test_no_page_has_inline_styles_or_scripts_or_asks_others(client: Client, board: Any) -> None:
    factories.open_run(board["Lab Q8_0"])
    live = board["Lab Q8_0"].runs.get(state="running")
    for address in [*addresses(board), f"/runs/{live.pk}/"]:
        page = Page(text(client, address))
        assert page.having("style") == [], address
        for tag, attributes in page.elements:
            assert "style" not in attributes, (address, tag)
            assert not [name for name in attributes if name.startswith("on")], (address, tag)
            if attributes.get("rel") == "canonical" or "hreflang" in attributes:  # asked for by nothing
                continue
            for name in ("src", "href", "action", "hx-get"):
                assert not re.match(r"(https?:)?//", attributes.get(name) or ""), (address, tag)


def test_every_page_has_landmarks_headings_and_named_tables(client: Client, board: Any) -> None:
    for address in addresses(board):
        source = text(client, address)
        page = Page(source)
        tags = [tag for tag, _ in page.elements]
        assert (tags.count("main"), tags.count("h1"), tags.count("title") >= 1) == (1, 1, True), address
        assert page.having("html") == [{"lang": "en"}]
        assert page.having("a")[0] == {"class": "skip", "href": "#content"}
        assert tags.count("caption") == tags.count("table"), address
        assert all(header.get("scope") for header in page.having("th")), address
        assert all("alt" in image for image in page.having("img"))
        ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
        assert len(ids) == len(set(ids)), address
        labelled = [
            attributes["aria-labelledby"]
            for _, attributes in page.elements
            if "aria-labelledby" in attributes
        ]
        assert {name for names in labelled for name in (names or "").split()} <= set(ids), address
        assert any(meta.get("name") == "description" and meta.get("content") for meta in page.having("meta"))
        for drawing in page.having("svg"):
            assert drawing.get("aria-hidden") or drawing.get("role") == "img" or "y" in drawing, address


def test_pages_are_read_only(client: Client, board: Any) -> None:
    for address in addresses(board):
        assert client.post(address).status_code == 405
        assert client.head(address).status_code == 200


def test_errors_are_pages_in_style(client: Client) -> None:
    assert "There is no such page" in text(client, "/no/such/page/", 404)
    from django.test import RequestFactory
    from django.views.defaults import bad_request, permission_denied, server_error

    request = RequestFactory().get("/")
    assert b"This is our failure" in server_error(request).content
    assert bad_request(request, Exception()).status_code == 400
    assert b"This is not open to you" in permission_denied(request, Exception()).content


@pytest.fixture
def waiting() -> Endpoint:
    endpoint = factories.endpoint("Waiting", what="8-bit weights, one run")
    cause = {"name": "pruning", "support": 0.9, "evidence": "It answers as a pruned one does."}
    run = factories.run(endpoint, factories.result(cause=cause), e_value=15.0)
    factories.finding(run)
    services.publish(endpoint.model_id)
    return endpoint


def test_an_accusation_that_awaits_confirmation_is_not_worded_as_one(
    client: Client, waiting: Endpoint
) -> None:
    row = text(client, "/")
    assert "awaits confirmation" in row
    assert "e-value 15 of 20" in row
    page = text(client, f"/endpoints/{waiting.pk}/")
    for source in (row, page):
        assert "inconclusive" in source.lower()
        assert "pruning" not in source
        assert "declaration broken" not in source
    assert "The evidence of a deviation so far is e = 15; among 1 endpoint it takes 20" in page
    assert "What it looks like" not in page
    assert "a pruned one" not in page
    assert "As the run by itself has them" in page


def test_the_run_keeps_its_own_verdict_and_says_what_is_published(client: Client, waiting: Endpoint) -> None:
    page = text(client, f"/runs/{waiting.runs.get().pk}/")
    assert "This run by itself" in page
    assert "Published of the endpoint" in page
    assert "the evidence awaits confirmation" in page
    assert "a pruned one" in page


def test_a_published_accusation_needs_no_such_words(client: Client, board: Any) -> None:
    page = text(client, f"/runs/{board['Lab Q8_0'].runs.get().pk}/")
    assert "This run by itself" not in page
    assert "How the evidence weighs" in page


def test_an_endpoint_shows_what_is_published_and_nothing_newer(client: Client, board: Any) -> None:
    endpoint = board["Lab f16"]
    factories.run(endpoint, factories.result(), ended=timezone.now())
    assert "Faithful" in text(client, f"/endpoints/{endpoint.pk}/")
    services.publish(endpoint.model_id)
    assert "Deviating" in text(client, f"/endpoints/{endpoint.pk}/")


def test_a_deviation_is_explained(client: Client) -> None:
    endpoint = factories.endpoint("One")
    run = factories.run(
        endpoint,
        factories.result(
            cause={"name": "kv-cache quantization", "support": 0.97, "evidence": "It answers as q4_0 does."},
            fingerprint={"variant": "KV cache q4_0", "support": 0.97},
        ),
    )
    factories.finding(run, details={"deviation": 0.0279, "kl": 0.031})
    services.publish(endpoint.model_id)
    for address in (f"/endpoints/{endpoint.pk}/", f"/runs/{run.pk}/"):
        page = text(client, address)
        assert "Answers as KV cache q4_0 does, support 97 %" in page
        assert "Closest to INT8 per row, support 98 %" in page
        assert "2.8 points" in page
        assert "How the evidence weighs" in page


def test_a_model_is_found_by_a_part_of_its_name(client: Client, board: dict[str, Endpoint]) -> None:
    for name in ("Alpha-7B", "Beta-7B"):
        services.publish(factories.model("Example", name).pk)
    page = client.get("/models/?q=7b").content.decode()
    assert "Alpha-7B" in page
    assert "Beta-7B" in page
    assert ">SmolLM2-135M-Instruct</a>" not in page
    assert client.get("/models/?q=+ALPHA+").headers["Location"] == "/?model=Example/Alpha-7B"
    assert "is called “gamma”" in client.get("/models/?q=gamma").content.decode()


def test_many_models_are_searched_rather_than_listed(client: Client, board: dict[str, Endpoint]) -> None:
    for number in range(6):
        assert b'list="models"' not in client.get("/").content
        services.publish(factories.model("Example", f"Model-{number}").pk)
    page = client.get("/").content.decode()
    assert "<summary>7 models</summary>" in page
    assert '<option value="Example/Model-5">' in page
