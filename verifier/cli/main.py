"""`assay`: measure an endpoint from the command line. Needs no database, no Django, no Redis."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from verifier.cli import (
    calibrate,
    check_url,
    lab,
    recheck,
    record,
    replay,
    scores,
    suite,
    verify,
    verify_certificate,
)
from verifier.cli.errors import NOT_MEASURED, CommandError

COMMANDS = (record, calibrate, verify, recheck, replay, scores, verify_certificate, check_url, suite, lab)


class Parser(argparse.ArgumentParser):
    """Bad arguments end with the status that says "nothing was measured", in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(NOT_MEASURED, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status (0 to 3, see `assay verify --help`)."""
    parser = Parser(
        prog="assay",
        description="Is this inference provider really serving the open-weights model it lists?",
    )
    parser.add_argument("--version", action="version", version=f"assay {version('assay')}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.register(subparsers)
    args = parser.parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        # A shell starts background commands with SIGINT ignored; being interrupted must always work.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return int(args.run(args))
    except CommandError as error:
        print(f"assay: {error}", file=sys.stderr)
        return NOT_MEASURED
    except KeyboardInterrupt:
        print("assay: interrupted", file=sys.stderr)
        return NOT_MEASURED
