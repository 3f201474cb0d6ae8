"""Several web processes count together: whichever is asked says the same."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from tests.functional.surroundings import Surroundings, procfile, surroundings, until

pytestmark = pytest.mark.timeout(300)

TOKEN = "a-token-that-nobody-guesses"
PROCESSES, REQUESTS = 3, 60


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """Web processes alone, with a Redis and an empty database."""
    with surroundings(tmp_path_factory.mktemp("metrics")) as around:
        around.environment |= {"WEB_CONCURRENCY": str(PROCESSES), "METRICS_TOKEN": TOKEN}
        around.do(procfile("release"))
        web, _ = around.start("web", procfile("web"))
        until(lambda: answers(around), "the site answers", children=[web], patience=60)
        yield around


def answers(around: Surroundings) -> bool:
    try:
        return bool(get(around, "/healthz"))
    except OSError:
        return False


def get(around: Surroundings, path: str) -> str:
    request = Request(f"{around.url}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    with urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())


def pages(around: Surroundings) -> float:
    """How many pages were answered well, as one process says."""
    wanted = {"part": "pages", "status": "2xx"}
    for family in parsed(get(around, "/metrics")):
        for sample in family.samples:
            if sample.name == "assay_page_seconds_count" and sample.labels == wanted:
                return sample.value
    return 0.0


def test_requests_to_all_processes_are_counted_together_and_once(site: Surroundings) -> None:
    before = pages(site)
    with ThreadPoolExecutor(2 * PROCESSES) as threads:
        list(threads.map(lambda _: get(site, "/about/"), range(REQUESTS)))

        def told() -> set[float]:
            return set(threads.map(lambda _: pages(site), range(4 * PROCESSES)))

        # A process tells what it gathered when it is asked itself, if it did not before.
        until(lambda: told() == {before + REQUESTS}, "every process says the same", patience=30)
