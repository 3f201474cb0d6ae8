"""`assay lab`: a real small language model, honest and degraded deployments of it, on this machine."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from types import FrameType

from rich.console import Console
from rich.table import Table

from verifier.lab import build
from verifier.lab.cache import path_of
from verifier.lab.deployments import DEPLOYMENTS
from verifier.lab.errors import LabError
from verifier.lab.serve import Served, deployment, serving


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `lab` with its own subcommands; each sets `run`, a callable from the arguments to an exit status."""
    parser = subparsers.add_parser("lab", help="a real model and known degradations of it, served on this machine")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="say what the lab can serve")
    listing.add_argument("--json", action="store_true", help="one JSON line per deployment")
    listing.set_defaults(run=run_list)

    building = commands.add_parser("build", help="build weights into the cache folder")
    building.add_argument("names", nargs="*", metavar="NAME", help="deployments to build for")
    building.add_argument("--all", action="store_true", help="everything")
    building.set_defaults(run=run_build)

    serve = commands.add_parser("serve", help="serve deployments until interrupted")
    serve.add_argument("names", nargs="*", metavar="NAME", help="deployments to serve")
    serve.add_argument("--all", action="store_true", help="everything")
    serve.add_argument("--port", type=int, default=0, help="fixed port (with one NAME); a free one otherwise")
    serve.add_argument("--json", action="store_true", help="one JSON line per deployment as it answers")
    serve.set_defaults(run=run_serve)


def run_list(args: argparse.Namespace) -> int:
    """Print the deployments with what was done to each."""
    if args.json:
        for one in DEPLOYMENTS.values():
            row = {"name": one.name, "role": one.role, "quantization": one.quantization, "what": one.what}
            print(json.dumps({**row, "built": path_of(one.weights).exists()}))
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "role", "quantization", "built", "what was done"):
        table.add_column(heading, no_wrap=heading != "what was done")
    for one in DEPLOYMENTS.values():
        built = "yes" if path_of(one.weights).exists() else "no"
        table.add_row(one.name, one.role, one.quantization, built, one.what)
    Console().print(table)
    return 0


def run_build(args: argparse.Namespace) -> int:
    """Build the weights of the named deployments."""
    names = _names(args)
    if names is None:
        return 3
    try:
        build.ensure(names, _say_built)
    except LabError as error:
        return _fail(error)
    return 0


def run_serve(args: argparse.Namespace) -> int:
    """Serve the named deployments until SIGINT or SIGTERM."""
    names = _names(args)
    if names is None:
        return 3

    def ready(served: Served) -> None:
        if args.json:
            one = served.deployment
            row = {"name": one.name, "role": one.role, "quantization": one.quantization}
            place = {"base_url": served.base_url, "model": served.model, "what": one.what, "pid": served.pid}
            print(json.dumps({**row, **place}), flush=True)
        else:
            print(f"{served.deployment.name:<16} {served.base_url}  {served.deployment.what}", flush=True)

    signal.signal(signal.SIGTERM, _interrupt)
    ports = {names[0]: args.port} if args.port else {}
    try:
        with serving(names, ports=ports, on_built=_say_built, on_ready=ready):
            if args.json:
                print(json.dumps({"ready": True}), flush=True)
            else:
                print("Serving; Ctrl-C ends it.", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except LabError as error:
        return _fail(error)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _names(args: argparse.Namespace) -> list[str] | None:
    """The deployments asked for, checked; None after saying what is wrong."""
    if args.all == bool(args.names):
        _fail(LabError("name one or more deployments, or give --all (`assay lab list` shows them)"))
        return None
    try:
        return [deployment(name).name for name in args.names or DEPLOYMENTS]
    except LabError as error:
        _fail(error)
        return None


def _say_built(built: build.Built) -> None:
    print(f"[{built.done}/{built.total}] built {built.recipe} in {built.seconds:.1f} s", file=sys.stderr, flush=True)


def _fail(error: LabError) -> int:
    print(f"assay lab: {error}", file=sys.stderr)
    return 3
