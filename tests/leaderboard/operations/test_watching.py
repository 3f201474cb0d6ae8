"""The dashboard, the rules and the scrape configuration speak of metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families as parsed
from prometheus_client.samples import Sample

from leaderboard import services
from leaderboard.environment import SHORTEST_TOKEN
from tests.leaderboard import certifying, factories
from verifier.checks.base import Observation, Status
from verifier.services import sweep, tallies
from verifier.services.spending import Account, Asked

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).resolve().parents[3] / "leaderboard" / "operations"
ALERTS = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))
SCRAPING = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
TOKEN = "t" * SHORTEST_TOKEN
OF_PROMETHEUS = {"up"}
"""What it knows of everything that it asks."""
NOT_HAPPENED = {"failed", "5xx"}
"""Values of labels that are words of ours, though nothing of the kind happens in the fixture."""
_METRIC = re.compile(r"\b(assay_[a-z_]+|up)\b(\{[^}]*\})?")
_MATCHER = re.compile(r"(\w+)\s*!?=~?\s*\"([^\"]*)\"")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")
_SHOWN = re.compile(r"\{\{(\w+)\}\}")


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression, with what is said beside it."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"], target["legendFormat"]
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            yield rule["expr"], ""


@pytest.fixture
def samples(broker: None, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[Sample]:
    """What /metrics answers where everything has happened once."""
    monkeypatch.setattr(tallies, "_silent_until", 0.0)
    settings.METRICS_TOKEN = TOKEN
    sweep()
    factories.board()
    certifying.certified(certifying.known())
    services.keep_dump()
    for status in Status:
        Account(Asked.RUNS).time(Observation("one", status, elapsed=0.1))
    client.get("/")
    answer = client.get(
        SCRAPING["scrape_configs"][0]["metrics_path"], headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code == 200
    return [one for family in parsed(answer.content.decode()) for one in family.samples]


def test_every_metric_and_label_that_is_named_is_there(samples: list[Sample]) -> None:
    labels: dict[str, dict[str, set[str]]] = {}
    for sample in samples:
        for label, value in sample.labels.items():
            labels.setdefault(sample.name, {}).setdefault(label, set()).add(value)
        labels.setdefault(sample.name, {})
    missing = []
    for expression, legend in expressions():
        names = [found for found in _METRIC.findall(expression) if found[0] not in OF_PROMETHEUS]
        missing += [name for name, _ in names if name not in labels]
        for name, matchers in names:
            there = labels.get(name, {})
            missing += [
                f"{name}{{{label}={value}}}"
                for label, value in _MATCHER.findall(matchers)
                if label not in there or value not in {*there[label], *NOT_HAPPENED}
            ]
        asked = {name for found in _GROUPED.findall(expression) for name in re.split(r",\s*", found)}
        known = {label for name, _ in names for label in labels.get(name, ())}
        missing += [f"{expression}: {label}" for label in {*asked, *_SHOWN.findall(legend)} - known]
    assert not missing


def test_all_of_it_is_watched_somewhere(samples: list[Sample]) -> None:
    watched = {name for expression, _ in expressions() for name, _ in _METRIC.findall(expression)}
    told = {re.sub(r"_(bucket|count|sum)$", "", sample.name) for sample in samples}
    assert told <= {re.sub(r"_(bucket|count|sum)$", "", name) for name in watched}


def test_the_rules_are_read_with_the_configuration_and_say_what_to_do() -> None:
    assert SCRAPING["rule_files"] == ["alerts.yml"]
    assert SCRAPING["scrape_configs"][0]["job_name"] == "assay"
    for rule in ALERTS["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith((".", "?"))


def test_panels_do_not_overlap_and_have_ids_of_their_own() -> None:
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, panel["title"]
                taken.add((x, y))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
