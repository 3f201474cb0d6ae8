"""`assay verify-certificate`: does this certificate hold, and what does it attest?"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from verifier.certificate import MAX_BYTES, Answer, check
from verifier.cli import connection
from verifier.cli.errors import CommandError
from verifier.client.documents import NotFetched, fetch
from verifier.evidence import attested
from verifier.evidence.canonical import result_text

VALID, NOT_VALID = 0, 1
KEYS = "/.well-known/assay-keys.json"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `verify-certificate`."""
    parser = subparsers.add_parser(
        "verify-certificate",
        help="say whether a certificate holds, and what it attests",
        description="Checks signature, validity and the proof that the transparency log has it. With the "
        "address of the certificate or of the keys its status is looked up as well; with files alone nothing "
        "leaves this machine. Exit status: 0 valid, 1 not valid, 3 not checked.",
    )
    parser.add_argument("certificate", metavar="FILE|URL")
    parser.add_argument(
        "--keys",
        metavar="FILE|URL",
        help=f"the published keys that you trust; by default https://SITE{KEYS} of the certificate's address",
    )
    parser.add_argument("--status", type=Path, metavar="FILE", help="what its status address says, kept")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="also ask private addresses and plain http (loopback is always allowed here)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the answer. Raises CommandError when something it takes cannot be had."""
    source, keys = args.certificate, args.keys
    if keys is None:
        if not _is_url(source):
            raise CommandError(
                "which keys do you trust? Give --keys FILE, or --keys https://SITE"
                f"{KEYS} to fetch them from the site that certifies"
            )
        keys = urljoin(source, KEYS)
    document, known = _read(args, source), _read(args, keys)
    status = None if args.status is None else _read(args, str(args.status))
    answer = check(document, known, now=datetime.now(UTC), status=status)
    online = keys if _is_url(keys) else source if _is_url(source) else None
    if online is not None and status is None and answer.attested is not None:
        address = _status_address(answer.attested, online)
        answer = check(document, known, now=datetime.now(UTC), status=_read(args, address))
    if args.json:
        sys.stdout.write(result_text(as_json(answer)))
    else:
        print("\n".join(lines(answer)))
    return VALID if answer.ok else NOT_VALID


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "state": str(answer.state),
        "reason": answer.reason,
        "notes": list(answer.notes),
        "attested": answer.attested,
    }


def lines(answer: Answer) -> list[str]:
    """The answer for people: what it is, why, and what was attested."""
    found = [f"{answer.state}: {answer.reason}", *(f"  {note}" for note in answer.notes)]
    if answer.attested is not None:
        found += [f"  {name}: {value}" for name, value in attested.rows(answer.attested).items()]
    return [_printable(line) for line in found]


def _status_address(statement: Mapping[str, Any], trusted: str) -> str:
    """Where the certificate's status is told, if that is the site whose keys are trusted."""
    address = str(statement["predicate"]["assay"].get("status") or "")
    if urlsplit(address)[:2] != urlsplit(trusted)[:2]:
        raise CommandError(
            f"its status is told at {address[:200]!r}, which is another site than {trusted[:200]}; "
            "give the keys of that site, or --status FILE"
        )
    return address


def _read(args: argparse.Namespace, source: str) -> bytes:
    if _is_url(source):
        try:
            return asyncio.run(fetch(source, connection.policy(args)))
        except NotFetched as error:
            raise CommandError(str(error)) from error
    try:
        with open(source, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"cannot read {source}: {error}") from error


def _is_url(source: str) -> bool:
    return source.startswith(("https://", "http://"))


def _printable(line: str) -> str:
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)
