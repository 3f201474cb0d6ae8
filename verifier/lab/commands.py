"""The commands of `assay lab`: list, build, serve. Arguments are those that verifier/cli/lab.py declares."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, get_args

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from verifier.lab import build
from verifier.lab.cache import path_of
from verifier.lab.deployments import DEPLOYMENTS, Deployment, Role
from verifier.lab.errors import LabError
from verifier.lab.serve import Served, deployment, serving


def list_deployments(args: argparse.Namespace) -> int:
    """Print the deployments, role by role, with what was done to each."""
    if args.json:
        for one in by_role():
            print(json.dumps({**describe(one), "built": is_built(one)}))
        return 0
    if not sys.stdout.isatty():
        for one in by_role():
            print(f"{one.name:<20} {one.role:<20} {one.quantization:<6} {one.what}")
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "role", "bits", "built"):
        table.add_column(heading, no_wrap=True)
    table.add_column("what was done")
    said = ""
    for one in by_role():
        if said and one.role != said:
            table.add_row()
        role = "" if one.role == said else one.role
        said = one.role
        table.add_row(one.name, role, one.quantization, "yes" if is_built(one) else "no", one.what)
    Console().print(table)
    return 0


def build_weights(args: argparse.Namespace) -> int:
    """Build the weights that the named deployments need.

    Raises:
        LabError: unknown names, or weights that cannot be built.
    """
    names = wanted(args)
    with build_progress(names) as on_built:
        build.ensure(names, on_built)
    return 0


def serve_deployments(args: argparse.Namespace) -> int:
    """Serve the named deployments until SIGINT or SIGTERM.

    Raises:
        LabError: unknown names, weights that cannot be built, a server that does not start.
    """
    names = wanted(args)
    if args.port and len(names) > 1:
        raise LabError(
            f"--port {args.port} fits one deployment, not {len(names)}: leave it out for free ones"
        )
    ports = {names[0]: args.port} if args.port else {}

    def ready(served: Served) -> None:
        one = served.deployment
        if args.json:
            _say({**describe(one), "base_url": served.base_url, "model": served.model, "pid": served.pid})
        else:
            print(f"{one.name:<20} {served.base_url:<28} {one.what}", flush=True)

    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with (
            build_progress(names) as on_built,
            serving(names, ports=ports, on_built=on_built, on_ready=ready),
        ):
            if args.json:
                _say({"ready": True})
            else:
                print("Serving. Ctrl-C ends it.", flush=True)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        return 0


def describe(one: Deployment) -> dict[str, Any]:
    """What is told of a deployment in JSON."""
    return {
        "name": one.name,
        "role": one.role,
        "quantization": one.quantization,
        "cause": one.cause,
        "what": one.what,
    }


def by_role() -> list[Deployment]:
    """All deployments, those of one role together."""
    roles = get_args(Role)
    return sorted(DEPLOYMENTS.values(), key=lambda one: roles.index(one.role))


def is_built(one: Deployment) -> bool:
    """Whether all of its weights are in the cache."""
    return all(path_of(recipe).exists() for recipe in one.recipes)


def wanted(args: argparse.Namespace) -> list[str]:
    """The deployments asked for.

    Raises:
        LabError: none or all *and* some, or a name that is not there.
    """
    if args.all == bool(args.names):
        raise LabError("name one or more deployments, or give --all (`assay lab list` shows them)")
    return [deployment(name).name for name in dict.fromkeys(args.names or DEPLOYMENTS)]


@contextmanager
def build_progress(names: list[str]) -> Iterator[Callable[[build.Built], None]]:
    """A bar on a terminal, a line per file otherwise, both on stderr; nothing if all is there."""
    total = len(build.missing(names))
    if not total or not sys.stderr.isatty():
        yield _say_built
        return
    columns = (TextColumn("building weights"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=total)

        def built(one: build.Built) -> None:
            progress.update(task, completed=one.done, description=one.recipe)
            if one.done == one.total:
                progress.stop()

        yield built


def _say_built(one: build.Built) -> None:
    print(f"[{one.done}/{one.total}] built {one.recipe} in {one.seconds:.1f} s", file=sys.stderr, flush=True)


def _say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
