"""`assay lab`: a real small language model, honest and degraded deployments of it, on this machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from verifier.cli.errors import CommandError


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `lab` with its own subcommands; each sets `run`, a callable from arguments to an exit status."""
    parser = subparsers.add_parser(
        "lab", help="a real model and known degradations of it, served on this machine"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="say what the lab can serve and what was done to each")
    listing.add_argument("--json", action="store_true", help="one JSON line per deployment")
    listing.set_defaults(run=_runner("list_deployments"))

    building = commands.add_parser("build", help="build weights into the cache folder")
    _add_names(building, "build for")
    building.set_defaults(run=_runner("build_weights"))

    serve = commands.add_parser("serve", help="serve deployments until interrupted")
    _add_names(serve, "serve")
    serve.add_argument("--port", type=_port, default=0, help="a fixed port (with one NAME)")
    serve.add_argument("--json", action="store_true", help="one JSON line per deployment as it answers")
    serve.set_defaults(run=_runner("serve_deployments"))


def _add_names(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"deployments to {what}")
    parser.add_argument("--all", action="store_true", help="every deployment")


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 (any free one) to 65535, got {text!r}")
    return port


def _runner(command: str) -> Callable[[argparse.Namespace], int]:
    """A command of `verifier.lab.commands`, imported when it runs: the rest of `assay` needs no lab."""

    def run(args: argparse.Namespace) -> int:
        try:
            from verifier.lab import commands, errors
        except ImportError as error:
            raise CommandError(
                f"{error}; the lab needs the packages of the extra `lab`: run `make setup`"
            ) from error
        try:
            return int(getattr(commands, command)(args))
        except errors.LabError as error:
            raise CommandError(str(error)) from error

    return run
