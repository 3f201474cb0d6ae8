"""`assay scores`: read a published board; in CI, fail when a pinned endpoint is no longer certified."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from verifier.cli import connection
from verifier.cli.errors import CommandError
from verifier.client import strict_json
from verifier.client.documents import NotFetched, fetch
from verifier.client.limits import Limits
from verifier.evidence.canonical import result_text

PASSED, FAILED = 0, 1
GRADES = ("A+", "A", "B", "C", "D", "F")
BIG = Limits(deadline=20.0, max_bytes=32 * 2**20, concurrency=1)
SITE = "ASSAY_SITE"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `scores`."""
    parser = subparsers.add_parser(
        "scores",
        help="read a published board, and fail when a pinned endpoint is no longer certified",
        description="Prints what a site publishes of a model's endpoints. Exit status: 0; 1 when a pinned "
        "endpoint is not certified or below --min-grade, or when nothing passes --min-grade; 3 not read.",
    )
    parser.add_argument("model", metavar="MODEL", help="as its makers name it: org/name")
    parser.add_argument(
        "--site", default=os.environ.get(SITE), metavar="URL", help=f"the site to ask; by default ${SITE}"
    )
    parser.add_argument("--min-grade", choices=GRADES, help="only endpoints with this grade or a better one")
    parser.add_argument(
        "--pin",
        action="append",
        default=[],
        metavar="ENDPOINT",
        help="an endpoint that must be certified: its id, or provider or provider/variant (repeatable)",
    )
    parser.add_argument("--json", action="store_true", help="print the endpoints as JSON")
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="also ask private addresses and plain http (loopback is always allowed here)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the board. Raises CommandError when it cannot be read."""
    endpoints = [row["endpoint"] for row in _board(args)["rows"]]
    shown = [one for one in endpoints if args.min_grade is None or good_enough(one, args.min_grade)]
    if args.json:
        sys.stdout.write(result_text({"model": args.model, "endpoints": shown}))
    else:
        print("\n".join(printable(line) for line in table(shown, datetime.now(UTC))))
    problems = [problem for pin in args.pin for problem in broken(pin, endpoints, args.min_grade)]
    if args.min_grade is not None and not shown:
        problems.append(f"no endpoint of {args.model} has grade {args.min_grade} or a better one")
    for problem in problems:
        print(printable(f"assay: {problem}"), file=sys.stderr)
    return FAILED if problems else PASSED


def good_enough(endpoint: Mapping[str, Any], grade: str) -> bool:
    """Whether it has this grade or a better one; without a grade it has not."""
    return endpoint["grade"] in GRADES[: GRADES.index(grade) + 1]


def broken(pin: str, endpoints: Sequence[Mapping[str, Any]], grade: str | None) -> list[str]:
    """What a pinned endpoint lacks, one line each; nothing where it is as it should be."""
    found = [one for one in endpoints if pin in (one["id"], slug(one))]
    if not found:
        return [f"{pin} is not on the board"]
    lacks = []
    for one in found:
        state = (one["certificate"] or {}).get("state")
        if state != "certified":
            lacks.append(f"{pin} is not certified: {state or 'it has no certificate'}; {_verdict(one)}")
        if grade is not None and not good_enough(one, grade):
            lacks.append(f"{pin} has grade {one['grade'] or 'none'}, below {grade}")
    return lacks


def slug(endpoint: Mapping[str, Any]) -> str:
    """`provider` or `provider/variant`."""
    provider, variant = str(endpoint["provider"]["slug"]), endpoint["variant"]
    return f"{provider}/{variant}" if variant else provider


def table(endpoints: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    """The endpoints in aligned columns, in the order of the board."""
    head = ("ENDPOINT", "VERDICT", "GRADE", "FIDELITY", "DECLARED", "CERTIFICATE", "MEASURED")
    rows = [head, *(_row(one, now) for one in endpoints)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def printable(text: str) -> str:
    """A stranger's text for a terminal: whatever would act is spelt out."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _row(endpoint: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    fidelity, run = endpoint["fidelity"], endpoint["run"]
    named = slug(endpoint) + (" (control)" if endpoint["control"] else "")
    interval = (
        "-" if fidelity is None else f"{fidelity['value']:.1f} ({fidelity['low']:.1f}-{fidelity['high']:.1f})"
    )
    certificate = (endpoint["certificate"] or {}).get("state") or "-"
    declared = str(endpoint["declaration"]["declared"] or "-")
    return (
        named,
        _verdict(endpoint),
        endpoint["grade"] or "-",
        interval,
        declared,
        certificate,
        _age(run, now),
    )


def _verdict(endpoint: Mapping[str, Any]) -> str:
    return str(endpoint["verdict"] or "not yet measured")


def _age(run: Mapping[str, Any] | None, now: datetime) -> str:
    if run is None or run["ended"] is None:
        return "-"
    days = (now - datetime.fromisoformat(run["ended"])).days
    return "today" if days < 1 else f"{days} d ago"


def _board(args: argparse.Namespace) -> Mapping[str, Any]:
    if not args.site:
        raise CommandError(f"which site? Give --site https://SITE, or set {SITE}")
    org, _, name = args.model.partition("/")
    if not org or not name:
        raise CommandError(f"{args.model!r} is no model; name it as its makers do: org/name")
    address = (
        f"{args.site.rstrip('/')}/api/v1/models/{quote(org, safe='')}/{quote(name, safe='')}/leaderboard"
    )
    try:
        body = asyncio.run(fetch(address, connection.policy(args), limits=BIG))
        board: Mapping[str, Any] = strict_json.loads(body)
        for row in board["rows"]:
            _row(row["endpoint"], datetime.now(UTC))
    except NotFetched as error:
        raise CommandError(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CommandError(f"{address} answers no board: {type(error).__name__}") from error
    return board
