"""What the demo asks of the server, through the services an operator's clicks use; the worker does the work.

A short baseline comes first, so that the first verdicts come soon. Most degradations are found out with it.
It is then extended, with the calibration kept, and what it left inconclusive is verified again: `faithful`
takes at least 117 prompts, and about 50 more for each outlier among them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from leaderboard.models import Snapshot
from verifier import selectors, services
from verifier.lab.chat_template import chat_template
from verifier.lab.deployment import NONE
from verifier.lab.deployments import DEPLOYMENTS, Deployment
from verifier.lab.source import MODEL
from verifier.models import (
    Baseline,
    BaselineState,
    ControlTruth,
    Endpoint,
    Model,
    ReferenceRole,
    Run,
    RunState,
    Verdict,
)

WORKERS = 3
"""Jobs at a time: two deployments of the lab keep two cores busy, and the judging takes some time too."""
SHORT = 30
"""Prompts of the first baseline: asked of the reference and of everything that calibrates."""
LONG = 300
"""Prompts of the longer one; the whole suite would take the reference far longer than all verdicts take."""

SHOWN = {name: one for name, one in DEPLOYMENTS.items() if one.demo}
"""The deployments of the lab that the demo serves, in the lab's order."""
CALIBRATING = {
    "reference": ReferenceRole.REFERENCE,
    "calibration-honest": ReferenceRole.HONEST,
    "calibration-rung": ReferenceRole.RUNG,
    "calibration-variant": ReferenceRole.VARIANT,
}
TRUTHS = {"honest": ControlTruth.HONEST, "degraded": ControlTruth.DEGRADED}
RIGHT = {"honest": {Verdict.FAITHFUL}, "degraded": {Verdict.DEVIATING, Verdict.DIFFERENT_MODEL}}
ENDED = {RunState.COMPLETE, RunState.FAILED, RunState.CANCELLED}


class Stuck(Exception):
    """The demo can't go on; the message says why."""


def judged(names: Sequence[str]) -> list[str]:
    """Those of `names` that are judged; the plainest differences, at the lab's end, come first."""
    return [name for name in reversed(SHOWN) if name in names and name not in calibrating()]


def calibrating() -> list[str]:
    """The reference and what calibrates, in the lab's order."""
    return [name for name, one in SHOWN.items() if one.role in CALIBRATING]


def needed_first(names: Sequence[str]) -> list[str]:
    """What the first verdicts need: built and served before the rest takes the processors' time."""
    return [*calibrating(), *judged(names)[:WORKERS]]


def right(one: Deployment, run: Run) -> bool:
    """Whether the verdict is the truth that the lab knows."""
    return run.state == RunState.COMPLETE and run.verdict in RIGHT[one.role]


class LabTalk:
    """Reads what a process of the lab says, line by line as it comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.ready: set[str] = set()
        self.built = (0, 0)

    def listen(self) -> LabTalk:
        """Take in what was said since the last call; returns itself."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            said = file.read()
        said = said[: said.rfind(b"\n") + 1]
        self._read += len(said)
        for line in said.splitlines():
            record: dict[str, Any] = json.loads(line)
            if "built" in record:
                self.built = (record["done"], record["total"])
            else:
                self.ready.add(record["ready"])
        return self


class Stages:
    """Registers the lab's deployments, then queues whatever has become possible until all is judged."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._expected = judged(list(ports))
        self._model = _register_model()
        self._endpoints = _register(self._model, ports)
        self._runs: dict[str, UUID] = {}
        self._all_answered = False
        self.short: Baseline | None = None
        self.long: Baseline | None = None

    @property
    def expected(self) -> list[str]:
        """The deployments that are judged, in the order they are queued."""
        return self._expected

    @property
    def short_is_ready(self) -> bool:
        """Whether the first baseline is recorded and calibrated."""
        return self.short is not None and self.short.state == BaselineState.READY

    def runs(self) -> dict[str, Run]:
        """The latest run of each deployment as it is now, without its result."""
        found = Run.objects.select_related("endpoint").defer("result").in_bulk(list(self._runs.values()))
        return {name: found[run_id] for name, run_id in self._runs.items()}

    def advance(self, ready: set[str]) -> bool:
        """Queue what has become possible, given the deployments that answer; True when all is judged.

        Raises Stuck when a baseline failed.
        """
        if not self._record_short(ready):
            return False
        runs = self.runs()
        ended = {name: run for name, run in runs.items() if run.state in ENDED and run.announced}
        if ended and self.long is None:
            self.long = services.queue_baseline(self._model, prompts=LONG, extends=self.short)
        if self.long is not None:
            _refresh(self.long)
        doubtful = [name for name, run in ended.items() if self._may_be_settled(run)]
        waiting = [name for name in self._expected if name in ready and name not in runs]
        if self.long is not None and self.long.state == BaselineState.READY:
            waiting += doubtful
        # No more than the worker can do at once: what comes later then has the longer baseline at once.
        # The server may have queued runs of its own, to confirm what it can't publish yet.
        under_way = selectors.runs_in_progress().count()
        for name in waiting[: max(0, WORKERS - under_way)]:
            self._queue(name)
        return len(ended) == len(self._expected) and not doubtful and not under_way

    def published(self) -> Mapping[str, Any]:
        """The published board: what the first page shows."""
        board: Mapping[str, Any] = Snapshot.objects.get(model=self._model).board
        return board

    def tokens(self, name: str) -> int:
        """Completion tokens of all runs of a deployment."""
        results = Run.objects.filter(endpoint=self._endpoints[name], result__isnull=False)
        return sum(run.result["completion_tokens"] for run in results if run.result)

    def _record_short(self, ready: set[str]) -> bool:
        """Whether the short baseline is there; sees to it that it will be."""
        all_answer = set(calibrating()) <= ready
        if self.short is None:
            # What calibrates may still be booting: it is asked when the reference has answered.
            if "reference" in ready:
                self._all_answered = all_answer
                self.short = services.queue_baseline(self._model, prompts=SHORT)
            return False
        _refresh(self.short)
        if self.short.state == BaselineState.FAILED and not self._all_answered:
            if all_answer:
                self.short = None
            return False
        if self.short.state == BaselineState.FAILED:
            raise Stuck(f"The baseline could not be recorded: {self.short.error}")
        return self.short.state == BaselineState.READY

    def _may_be_settled(self, run: Run) -> bool:
        """Whether the longer baseline may still settle an inconclusive run."""
        if run.verdict != Verdict.INCONCLUSIVE or self.short is None or run.baseline_id != self.short.pk:
            return False
        if self.long is not None and self.long.state == BaselineState.FAILED:
            raise Stuck(f"The longer baseline could not be recorded: {self.long.error}")
        return True

    def _queue(self, name: str) -> None:
        try:
            run = services.queue_run(self._endpoints[name], seed=self._expected.index(name), trigger="demo")
        except services.RunNotPossible:
            return  # it is being confirmed; later, then
        self._runs[name] = run.pk


def _refresh(baseline: Baseline) -> None:
    baseline.refresh_from_db(fields=["state", "done", "planned", "stage", "error"])


@cache
def _template() -> str:
    """The model's chat template; reading the model's file for it takes seconds."""
    return chat_template()


def _register_model() -> Model:
    org, _, name = MODEL.partition("/")
    url = f"https://huggingface.co/{MODEL}"
    return services.register_model(org=org, name=name, precision="bf16", licence="Apache-2.0", url=url)


def _register(model: Model, ports: Mapping[str, int]) -> dict[str, Endpoint]:
    """Register every deployment in its role; a degraded one declares bf16, as a dishonest provider would."""
    provider = services.register_provider(slug="assay-lab", name="Assay lab", is_lab=True)
    endpoints = {}
    for name, port in ports.items():
        one = DEPLOYMENTS[name]
        where: dict[str, Any] = {"base_url": f"http://127.0.0.1:{port}/v1", "upstream_model": MODEL}
        if one.role in CALIBRATING:
            services.register_reference(
                model=model,
                role=CALIBRATING[one.role],
                name=name,
                label=one.label,
                quantization=one.quantization,
                cause="" if one.cause == NONE else one.cause,
                chat_template=_template() if one.role == "reference" else "",
                provenance=f"In the lab, served by llama.cpp on this machine: {one.what}.",
                **where,
            )
            continue
        endpoints[name] = services.register_endpoint(
            provider=provider,
            model=model,
            variant=name,
            label=f"Lab: {one.label}",
            declared_quantization=one.quantization if one.role == "honest" else "bf16",
            what=one.what,
            is_control=True,
            control_truth=TRUTHS[one.role],
            **where,
        )
    return endpoints
