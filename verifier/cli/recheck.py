"""`assay recheck`: judge a run's stored evidence again, offline."""

from __future__ import annotations

import argparse
from pathlib import Path

from verifier.cli import connection
from verifier.cli.errors import CommandError
from verifier.cli.verify import report
from verifier.evidence.bundle import BundleError, read
from verifier.evidence.replay import replay
from verifier.verification import verification


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recheck`."""
    parser = subparsers.add_parser(
        "recheck",
        help="judge stored evidence again, offline: prints the same result, byte for byte",
        description="Same output and exit status as the `assay verify` that wrote the bundle.",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="what `verify --evidence` wrote")
    parser.add_argument("--baseline", required=True, type=Path, metavar="FILE")
    connection.add_hidden_argument(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result to FILE")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises CommandError when the bundle cannot be read or belongs to another baseline."""
    baseline = connection.read_baseline(args.baseline)
    try:
        header, observations = read(args.bundle)
    except (OSError, BundleError) as error:
        raise CommandError(f"cannot read the bundle {args.bundle}: {error}") from error
    if header.baseline != baseline.id:
        raise CommandError(
            f"this bundle was judged against the baseline {header.baseline}, and {args.baseline} is "
            f"{baseline.id}; give the baseline file of that run"
        )
    suite = connection.suite_of(baseline.suite, args.hidden, args.prompts_file)
    try:
        dialogue = verification(baseline, suite, header.settings, endpoint=header.endpoint)
        result = replay(dialogue, observations)
    except ValueError as error:
        raise CommandError(str(error)) from error
    return report(result, args.json)
