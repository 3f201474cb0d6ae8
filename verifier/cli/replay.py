"""`assay replay`: ask what a published run asked, with your own key, and see whether you get the same."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from verifier.baseline import files
from verifier.cli import connection
from verifier.cli.errors import CommandError
from verifier.cli.verify import EXIT
from verifier.client.documents import LIMITS, NotFetched, fetch
from verifier.evidence.agreement import agreement
from verifier.evidence.bundle import BundleError, BundleStore, read
from verifier.evidence.canonical import result_text
from verifier.evidence.replay import replay
from verifier.scoring import policy
from verifier.verification import verification

AGREES, DIFFERS = 0, 1
LARGE = replace(LIMITS, deadline=120.0, max_bytes=256 * 2**20)
_RUN = re.compile(r"/runs/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|$)")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `replay`."""
    parser = subparsers.add_parser(
        "replay",
        help="ask what a published run asked, with your own key, and compare",
        description="Fetches a run's evidence and baseline from the site, asks the endpoint the same public "
        "prompts, judges both, and prints how far they agree as JSON. Exit status: 0 they agree, 1 they do "
        "not, 2 undecided, 3 not measured.",
    )
    parser.add_argument("address", metavar="RUN-URL", help="the address of the run: https://SITE/runs/ID/")
    parser.add_argument("--base-url", metavar="URL", help="ask here instead of the endpoint of that run")
    connection.add_hidden_argument(parser)
    connection.add_endpoint_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the agreement. Raises CommandError when the run cannot be had, or not be asked again."""
    evidence, site = _evidence_address(args.address)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bundle.jsonl.gz")
        path.write_bytes(_fetched(args, evidence))
        try:
            header, seen = read(path)
        except (OSError, BundleError) as error:
            raise CommandError(f"cannot read the evidence at {evidence}: {error}") from error
    try:
        baseline = files.load(_fetched(args, f"{site}/api/v1/baselines/{header.baseline}"))
    except ValueError as error:
        raise CommandError(f"cannot read the baseline of that run: {error}") from error
    if baseline.id != header.baseline:
        raise CommandError(f"the baseline that {site} gives is {baseline.id}, not {header.baseline}")
    suite = connection.suite_of(baseline.suite, args.hidden, args.prompts_file)
    named = dict(header.endpoint)
    if args.base_url:
        named["base_url"] = args.base_url
    endpoint = connection.target(args, named["base_url"], named["upstream_model"])
    if endpoint.api_key:
        # The address comes from the site: whoever owns the key sees where it goes.
        print(f"assay: the key in {args.api_key_env} goes to {endpoint.base_url!r}", file=sys.stderr)
    try:
        published = replay(verification(baseline, suite, header.settings, endpoint=header.endpoint), seen)
        with BundleStore(header, None) as store:
            dialogue = verification(baseline, suite, header.settings, endpoint=named)
            found = connection.run(args, dialogue, endpoint, store)
    except ValueError as error:
        raise CommandError(str(error)) from error
    told = {
        "run": args.address,
        "published": _told(published),
        "replayed": _told(found),
        "agreement": asdict(agreement(seen, store.observations)),
    }
    sys.stdout.write(result_text(told))
    return _status(published["verdict"], found)


def _status(published: str, found: dict[str, Any]) -> int:
    """Two undecided runs agree on nothing; a decided one is agreed with or not."""
    if EXIT[found["verdict"]] > DIFFERS or EXIT[published] > DIFFERS:
        print(f"Undecided: published {published}, replayed {found['verdict']}.", file=sys.stderr)
        return max(EXIT[found["verdict"]], EXIT[published])
    both = published in policy.ACCUSING, found["verdict"] in policy.ACCUSING
    agrees = both[0] == both[1]
    print(f"{'Agrees' if agrees else 'Differs'}: {found['sentence']}", file=sys.stderr)
    return AGREES if agrees else DIFFERS


def _told(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result.get(name) for name in ("verdict", "sentence", "fidelity", "e_value", "requests")}


def _evidence_address(address: str) -> tuple[str, str]:
    """Where a run's evidence is, and its site. Raises CommandError for an address that names no run."""
    found = _RUN.search(urlsplit(address).path)
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.netloc or found is None:
        raise CommandError(f"{address[:200]!r} is not the address of a run; expected https://SITE/runs/ID/")
    site = f"{parts.scheme}://{parts.netloc}"
    return f"{site}/api/v1/runs/{found[1]}/evidence", site


def _fetched(args: argparse.Namespace, address: str) -> bytes:
    try:
        return asyncio.run(fetch(address, connection.policy(args), limits=LARGE, accept="application/gzip"))
    except NotFetched as error:
        raise CommandError(str(error)) from error
