"""A worker killed with SIGKILL in the middle of a run loses nothing and asks for nothing twice."""

from __future__ import annotations

import json
import os
import signal
import urllib.request

import pytest
from django.conf import settings

from tests.functional.conftest import Site
from tests.functional.surroundings import living, until

pytestmark = pytest.mark.timeout(600)


def asked(base_url: str) -> int:
    """How many generating requests the deployment's model was handed (verifier/lab/front.py counts)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(base_url.removesuffix("/v1") + "/lab/requests", timeout=10) as answer:
        return int(json.load(answer)["requests"])


def test_the_run_is_taken_up_again_and_ends(site: Site) -> None:
    before = asked(site.lab["q8_0"])
    endpoint = site.offer("q8_0")
    site.operator.act("endpoint", "start_run", endpoint)
    run, *_ = site.run_of(endpoint)
    of_run = f"from verifier_observation where run_id in ('{run}', '{run.replace('-', '')}')"

    def kept() -> int:
        return int(site.around.rows(f"select count(*) {of_run}")[0][0])

    until(lambda: kept() >= 10, "ten observations are stored", children=list(site.children.values()))
    worker = site.children["worker"].process.pid
    workers = {number for number in living(site.around.folder) if os.getpgid(number) == worker}
    assert len(workers) > 2  # the worker and its pool
    os.kill(worker, signal.SIGKILL)
    until(
        lambda: not workers & set(living(site.around.folder)),
        "its pool has ended too",
        patience=20,
    )
    at_the_kill = kept()
    assert site.run_of(endpoint)[1] == "running"

    site.restart("worker")
    until(
        lambda: site.run_of(endpoint)[1] == "complete",
        "the run has ended",
        children=list(site.children.values()),
    )
    ((deliveries,),) = site.around.rows(
        f"select deliveries from verifier_run where id in ('{run}', '{run.replace('-', '')}')"
    )
    assert deliveries == 2
    assert kept() > at_the_kill
    assert site.around.rows(f"select key {of_run} group by key having count(*) > 1") == []
    assert kept() <= asked(site.lab["q8_0"]) - before <= kept() + settings.RUN_CONCURRENCY
