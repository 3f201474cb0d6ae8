"""What the demo asks of the server: register, record, queue; and what it reads to know how far that is.

All of it is what an operator does on the operator's pages, through the same services; the work itself is
done by the Celery worker.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from leaderboard.models import Snapshot
from verifier import services
from verifier.models import Baseline, ControlTruth, Endpoint, Model, Provider, ReferenceRole, Run, RunState
from verifier.models import Verdict as V

ROLES = {
    "reference": ReferenceRole.REFERENCE,
    "calibration-honest": ReferenceRole.HONEST,
    "calibration-rung": ReferenceRole.RUNG,
}
TRUTHS = {"honest": ControlTruth.HONEST, "degraded": ControlTruth.DEGRADED}
RIGHT = {"honest": {V.FAITHFUL}, "degraded": {V.DEVIATING, V.DIFFERENT_MODEL}}
ENDED = (RunState.COMPLETE, RunState.FAILED, RunState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment of the lab that answers, as its child process tells."""

    name: str
    role: str
    quantization: str
    label: str
    base_url: str
    model: str
    what: str


class LabTalk:
    """Reads what the lab's process says, line by line as it comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.deployments: dict[str, Deployment] = {}
        self.built = (0, 0)

    def listen(self) -> list[Deployment]:
        """The deployments that have come up since the last call."""
        with self._path.open("rb") as file:
            file.seek(self._read)
            said = file.read()
        said = said[: said.rfind(b"\n") + 1]
        self._read += len(said)
        new = []
        for line in said.splitlines():
            record: dict[str, Any] = json.loads(line)
            if "built" in record:
                self.built = (record["done"], record["total"])
            else:
                deployment = Deployment(**record)
                self.deployments[deployment.name] = deployment
                new.append(deployment)
        return new


class Board:
    """The demo's model and what is registered for it."""

    def __init__(self) -> None:
        self._provider: Provider | None = None
        self._model: Model | None = None
        self.baseline: Baseline | None = None
        self.endpoints: dict[str, Endpoint] = {}
        self.runs: dict[str, UUID] = {}

    def register(self, one: Deployment) -> None:
        """Register a deployment in its role. A degraded one declares bf16, as a dishonest provider would."""
        model = self._register_model(one.model)
        if one.role in ROLES:
            services.register_reference(
                model=model,
                role=ROLES[one.role],
                name=one.name,
                label=one.label,
                quantization=one.quantization,
                base_url=one.base_url,
                upstream_model=one.model,
                provenance=f"The lab's {one.what}, served by llama.cpp on this machine.",
            )
            return
        assert self._provider is not None
        honest = one.role == "honest"
        self.endpoints[one.name] = services.register_endpoint(
            provider=self._provider,
            model=model,
            variant=one.name,
            label=f"Lab: {one.label}",
            base_url=one.base_url,
            upstream_model=one.model,
            declared_quantization=one.quantization if honest else "bf16",
            what=one.what,
            is_control=True,
            control_truth=TRUTHS[one.role],
        )

    def record(self) -> None:
        """Queue the baseline."""
        assert self._model is not None
        self.baseline = services.queue_baseline(self._model)

    def refresh(self) -> Baseline | None:
        """The baseline as it is now."""
        if self.baseline is not None:
            self.baseline.refresh_from_db(fields=["state", "done", "planned", "stage", "error", "ended"])
        return self.baseline

    def queue(self, names: Iterable[str]) -> None:
        """Queue a run of each of these that is registered and has none."""
        for name in names:
            if name in self.endpoints and name not in self.runs:
                run = services.queue_run(self.endpoints[name], seed=len(self.runs), trigger="demo")
                self.runs[name] = run.pk

    def states(self) -> dict[str, Run]:
        """The runs as they are now, by deployment name."""
        found = Run.objects.select_related("endpoint").defer("result").in_bulk(list(self.runs.values()))
        return {name: found[run_id] for name, run_id in self.runs.items()}

    def published(self) -> Mapping[str, Any]:
        """The published board: what the first page shows."""
        assert self._model is not None
        board: Mapping[str, Any] = Snapshot.objects.get(model=self._model).board
        return board

    def _register_model(self, slug: str) -> Model:
        if self._model is None:
            self._provider = services.register_provider(slug="assay-lab", name="Assay lab", is_lab=True)
            org, _, name = slug.partition("/")
            self._model = services.register_model(
                org=org,
                name=name,
                precision="bf16",
                licence="Apache-2.0",
                url=f"https://huggingface.co/{slug}",
            )
        return self._model


def over(runs: Mapping[str, Run], expected: Sequence[str]) -> bool:
    """Whether every expected run has ended and its end was published."""
    return all(name in runs and runs[name].state in ENDED and runs[name].announced for name in expected)


def right(deployment: Deployment, run: Run) -> bool:
    """Whether the verdict is the truth that the lab knows."""
    return run.state == RunState.COMPLETE and run.verdict in RIGHT[deployment.role]
