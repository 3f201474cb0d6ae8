"""`assay calibrate`: add deployments of known truth to a baseline."""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from verifier.baseline.calibrate import CalibrationError, calibrate
from verifier.baseline.model import Role
from verifier.cli import connection
from verifier.cli.errors import CommandError
from verifier.runner import MemoryStore
from verifier.scoring.policy import CAUSES


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `calibrate`."""
    parser = subparsers.add_parser(
        "calibrate",
        help="add honest deployments to a baseline's band, or known degradations to its ladder",
        description="Each --base-url is a deployment whose truth you know. Honest ones (other engine, "
        "hardware, batch size) make the honest band; with --rung they are known degradations and "
        "make the ladder, with --variant they are known by their fingerprint.",
    )
    parser.add_argument("--baseline", required=True, type=Path, metavar="FILE", help="changed in place")
    parser.add_argument("--base-url", required=True, action="append", metavar="URL", help="may be repeated")
    parser.add_argument("--model", metavar="ID", help="the model's id there (default: as in the baseline)")
    parser.add_argument("--rung", metavar="LABEL", help='a known degradation, e.g. "INT8 per row"')
    parser.add_argument(
        "--variant",
        metavar="LABEL",
        help='a known variant beside the ladder, kept for its fingerprint, e.g. "KV cache q4_0"',
    )
    parser.add_argument(
        "--quantization", metavar="Q", help="with --rung or --variant: its quantization, e.g. int8"
    )
    parser.add_argument(
        "--cause",
        choices=CAUSES,
        default="weight quantization",
        help="with --rung or --variant: what was done to it (default: weight quantization)",
    )
    parser.add_argument(
        "--prompts", type=connection.positive, metavar="N", help="ask only N of the baseline's prompts"
    )
    connection.add_hidden_argument(parser)
    connection.add_endpoint_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the baseline after each deployment, so that none is lost. Raises CommandError."""
    degraded = args.rung or args.variant
    if args.rung and args.variant:
        raise CommandError("a deployment is a rung of the ladder or a variant beside it; give one of the two")
    if args.quantization and not degraded:
        raise CommandError("--quantization names a rung's quantization; give --rung LABEL with it")
    if degraded and len(args.base_url) > 1:
        raise CommandError("a rung or variant is one deployment; call calibrate once for each")
    baseline = connection.read_baseline(args.baseline)
    suite = connection.suite_of(baseline.suite, args.hidden, args.prompts_file)
    role = Role.RUNG if args.rung else Role.VARIANT if args.variant else Role.HONEST
    for base_url in args.base_url:
        endpoint = connection.target(args, base_url, args.model or baseline.model)
        label = degraded or urlsplit(base_url).netloc
        dialogue = calibrate(
            baseline,
            suite,
            name=label,
            label=label,
            role=role,
            quantization=args.quantization,
            cause=args.cause if degraded else "",
            prompts=args.prompts,
        )
        try:
            baseline = connection.run(args, dialogue, endpoint, MemoryStore())
        except CalibrationError as error:
            raise CommandError(str(error)) from error
        connection.write_baseline(baseline, args.baseline)
        answered = len(baseline.stacks[-1].answers)
        print(f"Added {label} ({role}): {answered} of {len(baseline.contexts)} contexts.")
    return 0
