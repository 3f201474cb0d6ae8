"""What the database and the model say of the runs, and what of it may not be."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from leaderboard.settings import RUN_CONCURRENCY

STATES = "select state, count(*) from verifier_run where trigger = 'operator' group by state"
RUNS = """
select endpoint.upstream_model as name, run.state, run.verdict, run.deliveries, run.error,
  (select count(*) from verifier_observation o where o.run_id = run.id) as kept,
  (select count(distinct key) from verifier_observation o
    where o.run_id = run.id and o.status <> 'error') as good,
  (select count(*) from verifier_observation o where o.run_id = run.id and o.status = 'error') as ours
from verifier_run run join verifier_endpoint endpoint on endpoint.id = run.endpoint_id
"""


@dataclass(frozen=True, slots=True)
class Account:
    """One run: its observations in all, the questions among them that were answered, the failures on our
    side, and how many requests the model counted.
    """

    name: str
    state: str
    verdict: str
    deliveries: int
    error: str
    kept: int
    good: int
    ours: int
    asked: int

    def complaints(self) -> list[str]:
        """Beyond what is kept, only what was in flight at a kill may have been asked."""
        found = []
        if self.state != "complete" or not self.verdict:
            found.append(f"{self.name} ended {self.state} without a verdict: {self.error}")
        if self.good + self.ours != self.kept:
            found.append(f"{self.name} has {self.kept} observations of {self.good} questions")
        if not self.good <= self.asked <= self.kept + (self.deliveries - 1) * RUN_CONCURRENCY:
            kept = f"{self.kept} are kept after {self.deliveries} deliveries"
            found.append(f"{self.name}: the model counts {self.asked} requests, {kept}")
        return found


def states(database: str) -> dict[str, int]:
    """How many runs are in which state. Raises psycopg.OperationalError while the database is away."""
    with psycopg.connect(database, connect_timeout=5) as postgres:
        return dict(postgres.execute(STATES).fetchall())


def asked(port: int) -> dict[str, int]:
    """Requests by the model's own count."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/counts", timeout=30) as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


def complaints(database: str, counts: Mapping[str, int], runs: int) -> list[str]:
    """Everything that is not as if nothing had been killed. Empty when all is well."""
    with psycopg.connect(database, row_factory=dict_row) as postgres:
        rows = postgres.execute(RUNS).fetchall()
    found = [] if len(rows) == runs else [f"{len(rows)} runs instead of {runs}"]
    for row in rows:
        found += Account(**row, asked=counts.get(row["name"], 0)).complaints()
    if strangers := counts.keys() - {row["name"] for row in rows}:
        found.append(f"asked for nobody: {sorted(strangers)}")
    return found


def deliveries(database: str) -> dict[int, int]:
    """How many runs took how many deliveries."""
    query: Any = "select deliveries, count(*) from verifier_run group by 1 order by 1"
    with psycopg.connect(database) as postgres:
        return dict(postgres.execute(query).fetchall())
