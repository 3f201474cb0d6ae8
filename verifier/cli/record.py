"""`assay record`: ask a trusted deployment of the official weights, and keep its answers as the baseline."""

from __future__ import annotations

import argparse
from pathlib import Path

from verifier.baseline import band
from verifier.baseline.record import RecordingError, record
from verifier.baseline.template import ChatTemplate, TemplateFault
from verifier.cli import connection
from verifier.cli.errors import CommandError
from verifier.runner import MemoryStore

ALPHA = 0.01
"""The error rate that a run has by default."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `record`."""
    parser = subparsers.add_parser(
        "record",
        help="record a baseline from a reference deployment you trust",
        description="Asks a deployment of the official weights the prompts of a suite and keeps its "
        "next-token distributions. Add honest deployments with `assay calibrate` before you verify anybody.",
    )
    parser.add_argument(
        "--base-url", required=True, metavar="URL", help="the reference, e.g. http://host:8000/v1"
    )
    parser.add_argument("--model", required=True, metavar="ID", help="the model's id at the reference")
    parser.add_argument("--suite", default="core", metavar="NAME", help="prompt set (default core)")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help=".json or .json.gz")
    parser.add_argument(
        "--prompts",
        type=connection.positive,
        metavar="N",
        help="record only N prompts of the suite, drawn with --seed (default all)",
    )
    parser.add_argument(
        "--seed", type=connection.seed, default=0, metavar="N", help="draws the prompts (default 0)"
    )
    parser.add_argument(
        "--chat-template",
        type=Path,
        metavar="FILE",
        help="the model's own chat template (Jinja, from its tokenizer): some prompts are then also asked as "
        "raw text, which tells a wrong template or a hidden prompt from changed weights",
    )
    parser.add_argument(
        "--no-behaviour",
        dest="behaviour",
        action="store_false",
        help="leave out what the checks of behaviour compare an endpoint with (tool calls, tasks, ...)",
    )
    connection.add_hidden_argument(parser)
    connection.add_endpoint_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the baseline; says on stdout what it holds. Raises CommandError."""
    suite = connection.suite_of(args.suite, args.hidden, args.prompts_file)
    if not args.output.parent.is_dir():
        raise CommandError(f"there is no folder {args.output.parent} to write the baseline to; make it first")
    endpoint = connection.target(args, args.base_url, args.model)
    if args.prompts_file is not None:
        # Nothing is calibrated yet, so the widest band that a first baseline gets is assumed.
        delta, count = band.UNCALIBRATED, min(args.prompts or len(suite.prompts), len(suite.prompts))
        c = band.RUNG_WITHOUT_LADDER * delta
        connection.say_power(count, delta=delta, c=c, alpha=ALPHA, seed=args.seed)
    try:
        template = None
        if args.chat_template is not None:
            template = ChatTemplate(args.chat_template.read_text("utf-8"))
        dialogue = record(
            suite,
            model=args.model,
            seed=args.seed,
            prompts=args.prompts,
            template=template,
            behaviour=args.behaviour,
        )
        baseline = connection.run(args, dialogue, endpoint, MemoryStore())
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read the chat template: {error}") from error
    except (RecordingError, TemplateFault) as error:
        raise CommandError(str(error)) from error
    connection.write_baseline(baseline, args.output)
    aside = ", ".join(f"{count} {why}" for why, count in baseline.set_aside.items() if count) or "none"
    print(
        f"Recorded {len(baseline.contexts)} contexts of {len(baseline.by_prompt)} prompts to {args.output} "
        f"(set aside: {aside}). Next: `assay calibrate --baseline {args.output} --base-url URL` for each "
        "honest deployment you have."
    )
    return 0
