"""A worker killed or stopped in the middle of a run loses nothing and asks for nothing twice."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass
class Interrupted:
    """A run whose worker is about to go: what was asked and kept of it."""

    site: Site
    deployment: str

    def __post_init__(self) -> None:
        self.asked_before = asked(self.site.lab[self.deployment])
        self.endpoint = self.site.offer(self.deployment)
        self.site.operator.act("endpoint", "start_run", self.endpoint)
        run, *_ = self.site.run_of(self.endpoint)
        assert run, "the form queued no run"
        self._is_run = f"in ('{run}', '{run.replace('-', '')}')"
        self.wait(lambda: self.kept() >= 10, "ten observations are stored")

    def wait(self, condition: Callable[[], object], what: str) -> None:
        until(condition, what, children=list(self.site.children.values()))

    @property
    def state(self) -> str:
        return self.site.run_of(self.endpoint)[1]

    def kept(self) -> int:
        query = f"select count(*) from verifier_observation where run_id {self._is_run}"
        return int(self.site.around.rows(query)[0][0])

    def deliveries(self) -> int:
        query = f"select deliveries from verifier_run where id {self._is_run}"
        return int(self.site.around.rows(query)[0][0])

    def taken_up_again(self) -> None:
        """Start the worker again: the run ends, and nothing is asked twice beyond what was in flight."""
        kept = self.kept()
        self.site.restart("worker")
        self.wait(lambda: self.state == "complete", "the run has ended")
        assert self.kept() > kept
        keys = f"select key from verifier_observation where run_id {self._is_run}"
        assert self.site.around.rows(f"{keys} group by key having count(*) > 1") == []
        requests = asked(self.site.lab[self.deployment]) - self.asked_before
        assert self.kept() <= requests <= self.kept() + settings.RUN_CONCURRENCY


def test_a_killed_workers_run_is_taken_up_again_and_ends(site: Site) -> None:
    run = Interrupted(site, "q8_0")
    worker = site.children["worker"].process.pid
    workers = {number for number in living(site.around.folder) if os.getpgid(number) == worker}
    assert len(workers) > 2  # the worker and its pool
    os.kill(worker, signal.SIGKILL)
    until(lambda: not workers & set(living(site.around.folder)), "its pool has ended too", patience=20)
    assert run.state == "running"
    run.taken_up_again()
    assert run.deliveries() == 2


def test_a_stopped_workers_run_is_handed_back_at_once(site: Site) -> None:
    run = Interrupted(site, "int4-g64")
    worker = site.children["worker"].process
    worker.terminate()
    until(lambda: run.state == "queued", "the run is handed back", patience=5)
    worker.wait(30)
    assert run.deliveries() == 0
    run.taken_up_again()
    assert run.deliveries() == 1
