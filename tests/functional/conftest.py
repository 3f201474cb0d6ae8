"""One site, started by the Procfile's own lines, with a baseline of the lab's reference."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from leaderboard.demo.processes import Child
from tests.conftest import Lab
from tests.functional.browsing import Operator
from tests.functional.echo import Echo
from tests.functional.surroundings import Surroundings, procfile, surroundings, until
from tests.local_http import running

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
SERVED = {
    "reference": "reference",
    "cal-f16": "honest",
    "int8-row": "rung",
    "int4-g64": "judged",
    "q8_0": "judged",
}
PROMPTS = "14"
METRICS_TOKEN = "0123456789abcdef0123456789abcdef"


@dataclass
class Site:
    """A running site: its processes, its operator, and the lab's addresses by deployment name."""

    around: Surroundings
    children: dict[str, Child]
    stacks: dict[str, ExitStack]
    operator: Operator
    lab: dict[str, str]
    offered: dict[str, str] = field(default_factory=dict)

    def restart(self, name: str) -> None:
        """Start a line of the Procfile that has ended."""
        self.stacks[name].close()
        self.children[name], self.stacks[name] = self.around.start(name, procfile(name))

    def offer(self, name: str, **fields: str) -> str:
        """Register a deployment of the lab as an endpoint, by the operator's form; returns its id."""
        if name not in self.offered:
            self.offered[name] = self._register(name, fields)
        return self.offered[name]

    def _register(self, name: str, fields: Mapping[str, str]) -> str:
        return self.operator.add(
            "endpoint",
            provider=self._id("provider"),
            model=self._id("model"),
            variant=name,
            label=f"Lab {name}",
            base_url=self.lab[name],
            upstream_model=MODEL,
            declared_quantization="bf16",
            listed="on",
            **fields,
        )

    def run_of(self, endpoint: str) -> tuple[str, str, str]:
        """(id, state, verdict) of the endpoint's latest run."""
        rows = self.around.rows(
            "select id, state, verdict from verifier_run "
            f"where endpoint_id in ('{endpoint}', '{endpoint.replace('-', '')}') order by created desc"
        )
        return (str(UUID(str(rows[0][0]))), rows[0][1], rows[0][2]) if rows else ("", "", "")

    def _id(self, table: str) -> str:
        return str(UUID(str(self.around.rows(f"select id from verifier_{table}")[0][0])))


@pytest.fixture(scope="session")
def echo(lab: Lab) -> Iterator[Echo]:
    """A provider that repeats the key it is sent, with a real model behind it."""
    with running(Echo(lab("q8_0")["q8_0"])) as server:
        yield server


@pytest.fixture(scope="session")
def site(lab: Lab, echo: Echo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site with its baseline recorded, all of it done over HTTP and by the worker."""
    with surroundings(tmp_path_factory.mktemp("site")) as around:
        around.environment["METRICS_TOKEN"] = METRICS_TOKEN
        yield started(around, {**lab(*SERVED), "echo": echo.base_url}, SERVED, PROMPTS)


def started(around: Surroundings, urls: dict[str, str], served: Mapping[str, str], prompts: str) -> Site:
    """The Procfile's processes in these surroundings, with a baseline of so many prompts.

    `urls` has the address of every deployment, `served` the role of those that calibrate.
    """
    netlocs = [urlsplit(url).netloc for url in urls.values()]
    allowed = around.environment.get("EGRESS_ALLOW", "")
    around.environment["EGRESS_ALLOW"] = ",".join([*netlocs, *filter(None, [allowed])])
    around.do(procfile("release"))
    user = {"DJANGO_SUPERUSER_PASSWORD": "correct horse", "DJANGO_SUPERUSER_EMAIL": "o@example.org"}
    create = [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", "operator"]
    around.do(create, **user)
    begun = {name: around.start(name, procfile(name)) for name in ("web", "worker", "beat")}
    children = {name: child for name, (child, _) in begun.items()}
    stacks = {name: stack for name, (_, stack) in begun.items()}
    found = Site(around, children, stacks, Operator(around.url), urls)
    until(found.operator.answers, "the site answers", children=[children["web"]])
    found.operator.log_in("operator", "correct horse")
    _record(found, served, prompts)
    return found


def _record(site: Site, served: Mapping[str, str], prompts: str) -> None:
    operator = site.operator
    operator.add("provider", slug="lab", name="The lab", is_lab="on")
    org, _, name = MODEL.partition("/")
    model = operator.add("model", org=org, name=name, precision="bf16")
    for deployment, role in served.items():
        if role != "judged":
            operator.add(
                "reference",
                model=model,
                role=role,
                name=deployment,
                label=deployment,
                quantization="int8" if role == "rung" else "bf16",
                base_url=site.lab[deployment],
                upstream_model=MODEL,
                active="on",
            )
    operator.add("baseline", model=model, suite_name="core", seed="0", prompts=prompts)

    def state() -> bool:
        ((now, error),) = site.around.rows("select state, error from verifier_baseline")
        assert now != "failed", error
        return bool(now == "ready")

    children = list(site.children.values())
    until(state, "the baseline is ready", children=children, patience=900.0)
