"""Whole measured runs in the tables of the server: every observation, as a worker would have stored it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TypeVar

from tests.leaderboard import factories
from tests.verifier import small_world
from tests.verifier.synthetic import Synthetic
from verifier.baseline import files
from verifier.baseline.model import Baseline as Recording
from verifier.checks.base import Ask, Observation, Probe
from verifier.evidence.codec import observation_from_json, observation_to_json, probe_from_json
from verifier.models import Baseline, Endpoint, Finding, Run
from verifier.models import Observation as Row
from verifier.verification import Settings, verification

T = TypeVar("T")
ANSWERS = Path(__file__).parent / "answers"


def baseline(of: Endpoint, known: Recording) -> Baseline:
    """The ready baseline row of the endpoint's model, with this recording as its data."""
    row = factories.baseline(of.model)
    Baseline.objects.filter(pk=row.pk).update(data=files.dump(known), digest=known.id)
    row.refresh_from_db()
    return row


def run(of: Endpoint, deployment: Synthetic, known: Recording | None = None, **settings: object) -> Run:
    """A complete run that this made-up deployment answered, with its findings and observations."""
    known = known or small_world.baseline()
    chosen = Settings(**settings)  # type: ignore[arg-type]
    dialogue = verification(known, small_world.suite_for(known), chosen, endpoint=small_world.NAMED)
    answered, result = _converse(dialogue, deployment)
    row = baseline(of, known)
    made = factories.run(of, result)
    assert made.baseline_id == row.pk
    store(made, answered)
    return made


def store(made: Run, answered: Sequence[tuple[Probe, Observation]]) -> None:
    """The findings of the run's result and these observations, as rows."""
    Row.objects.bulk_create(
        Row(
            run=made,
            sequence=number,
            key=probe.key,
            purpose=str(probe.purpose),
            request={"api": probe.api, "body": dict(probe.body)},
            status=str(seen.status),
            fault=str(seen.fault or ""),
            payload=observation_to_json(seen),
        )
        for number, (probe, seen) in enumerate(answered, 1)
    )
    names = {"check": "check_name"}
    Finding.objects.bulk_create(
        Finding(run=made, **{names.get(key, key): value for key, value in finding.items()})
        for finding in (made.result or {})["findings"]
    )


def _converse(
    dialogue: Generator[Ask, Sequence[Observation], T], deployment: Synthetic
) -> tuple[list[tuple[Probe, Observation]], T]:
    answered: list[tuple[Probe, Observation]] = []
    answers: list[Observation] | None = None
    while True:
        try:
            step = next(dialogue) if answers is None else dialogue.send(answers)
        except StopIteration as stop:
            return answered, stop.value
        answers = [deployment.ask(probe) for probe in step.probes]
        answered += zip(step.probes, answers, strict=True)


def stored(name: str, of: Endpoint) -> Run:
    """A complete run that a real deployment of the lab answered (`answers/`, made as its README says)."""
    row = baseline(of, files.read(ANSWERS / "baseline.json.gz"))
    with gzip.open(ANSWERS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        head, *records = [json.loads(line) for line in lines]
    made = factories.run(of, head["result"])
    assert made.baseline_id == row.pk
    answered = [
        (probe_from_json(record["probe"]), observation_from_json(record["observation"])) for record in records
    ]
    store(made, answered)
    return made
