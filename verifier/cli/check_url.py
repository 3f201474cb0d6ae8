"""`assay check-url`: would the server fetch this address, and why not."""

from __future__ import annotations

import argparse
import sys

from verifier.client.egress import EgressPolicy, check_url

FETCHED, REFUSED = 0, 3


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `check-url`; its `run` gives 0 when the server would fetch the address and 3 when not."""
    parser = subparsers.add_parser(
        "check-url",
        help="say whether the server would fetch an address, and why not",
        description="Judges an address by the server's own rules: https to public addresses only. "
        "Resolves its name; connects to nothing. Exit status 0 if it would be fetched, 3 if not.",
    )
    parser.add_argument(
        "url", metavar="URL", help="the base URL of an endpoint (after -- if it begins with -)"
    )
    parser.add_argument(
        "--allow",
        metavar="HOST:PORT",
        action="append",
        default=[],
        help="as if the operator had this host and port on the allow list (may be given several times)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print one line: to stdout where it leads, or to stderr why it is refused."""
    try:
        policy = EgressPolicy(allow=frozenset(args.allow))
    except ValueError as error:
        print(error, file=sys.stderr)
        return REFUSED
    found = check_url(args.url, policy)
    print(found.reason, file=sys.stdout if found.ok else sys.stderr)
    return FETCHED if found.ok else REFUSED
