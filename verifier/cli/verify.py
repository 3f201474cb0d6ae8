"""`assay verify`: does this endpoint serve the model of this baseline?"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from verifier.baseline.band import Band, band, tv_score, usable_contexts
from verifier.baseline.freshness import StaleBaseline, confirm
from verifier.baseline.model import Baseline, ContextType
from verifier.cli import ci, connection
from verifier.cli.errors import NOT_MEASURED, CommandError
from verifier.cli.report import show_price, show_result
from verifier.evidence.bundle import BundleError, BundleStore, Header
from verifier.evidence.canonical import result_text
from verifier.evidence.replay import replay
from verifier.runner import MemoryStore
from verifier.scoring.price import expected_price
from verifier.suites.plans import names, plan
from verifier.suites.private import NAME as PRIVATE
from verifier.verification import Settings, require_suite, verification

EXIT = {
    "faithful": 0,
    "deviating": 1,
    "different-model": 1,
    "inconclusive": 2,
    "insufficient-access": 2,
    "not-measured": NOT_MEASURED,
}


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `verify`."""
    parser = subparsers.add_parser(
        "verify",
        help="measure an endpoint against a baseline and judge it",
        description="Prints the result as JSON on stdout and one line on stderr. Exit status: 0 faithful, "
        "1 deviating or different-model, 2 inconclusive or insufficient-access, 3 not measured.",
    )
    parser.add_argument("--baseline", required=True, type=Path, metavar="FILE")
    parser.add_argument("--base-url", required=True, metavar="URL", help="the endpoint, e.g. https://host/v1")
    parser.add_argument("--model", required=True, metavar="ID", help="the model's id at the endpoint")
    parser.add_argument(
        "--suite",
        choices=names(),
        default="core",
        help="how much is asked: smoke (fewer than 60 requests), core (default), deep, or only the weights",
    )
    parser.add_argument("--declared", metavar="Q", help="the quantization the endpoint declares, e.g. bf16")
    parser.add_argument("--alpha", type=float, default=0.01, metavar="A", help="error rate (default 0.01)")
    parser.add_argument(
        "--max-tokens", type=connection.positive, metavar="N", help="completion tokens to spend at most"
    )
    parser.add_argument(
        "--max-requests",
        type=connection.positive,
        metavar="N",
        help="requests to send at most (default: as the suite says)",
    )
    parser.add_argument("--no-logprobs", action="store_true", help="judge by the text alone")
    parser.add_argument(
        "--decide-only",
        action=argparse.BooleanOptionalAction,
        help="skip the sample that estimates fidelity (default: as the suite says)",
    )
    parser.add_argument(
        "--estimation-prompts",
        type=connection.positive,
        metavar="N",
        help="prompts of the sample that estimates fidelity (default: as the suite says)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what the run would cost, and ask nothing")
    parser.add_argument(
        "--report",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="tables for a reader on stderr, beside the JSON on stdout (default)",
    )
    connection.add_price_arguments(parser)
    parser.add_argument(
        "--reference-url",
        metavar="URL",
        help="a live reference: first make sure that it still answers as the baseline says; it then scores "
        "the answers of an endpoint that does not continue pinned ones",
    )
    parser.add_argument(
        "--seed", type=connection.seed, default=0, metavar="N", help="draws the prompts (default 0)"
    )
    parser.add_argument(
        "--start",
        type=connection.seed,
        default=0,
        metavar="N",
        help="begin at the Nth prompt of the order that --seed draws: monitors rotate through the pool",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result to FILE")
    parser.add_argument(
        "--evidence", type=Path, metavar="FILE", help="keep every answer, for `assay recheck` (.jsonl.gz)"
    )
    ci.add_arguments(parser)
    connection.add_hidden_argument(parser)
    connection.add_endpoint_arguments(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Returns the exit status of the verdict. Raises CommandError when nothing could be begun."""
    baseline = connection.read_baseline(args.baseline)
    suite = connection.suite_of(baseline.suite, args.hidden, args.prompts_file)
    endpoint = connection.target(args, args.base_url, args.model)
    tariff = connection.tariff(args)
    chosen = plan(args.suite)
    reference = None
    if args.reference_url:
        reference = connection.target(args, args.reference_url, baseline.model, with_key=False)
        try:
            connection.run(args, confirm(baseline, suite), reference, MemoryStore())
        except StaleBaseline as error:
            raise CommandError(str(error)) from error
    try:
        settings = Settings(
            alpha=args.alpha,
            max_tokens=args.max_tokens,
            max_requests=chosen.max_requests if args.max_requests is None else args.max_requests,
            no_logprobs=args.no_logprobs,
            decide_only=chosen.decide_only if args.decide_only is None else args.decide_only,
            estimation_prompts=args.estimation_prompts or chosen.estimation_prompts,
            seed=args.seed,
            start=args.start,
            live_reference=reference is not None,
            declared=args.declared,
            plan=chosen.name,
        )
        named = {"base_url": args.base_url, "upstream_model": args.model}
        require_suite(baseline, suite)
        price = expected_price(baseline, suite, settings) if args.report or args.dry_run else None
        if price is not None and args.dry_run:
            show_price(price, tariff, chosen.name, settings.max_requests)
            return 0
        with BundleStore(Header(settings, named, baseline.id), args.evidence) as store:
            if suite.name == PRIVATE:
                known, count = judging_band(baseline), len(baseline.by_prompt)
                connection.say_power(
                    count, delta=known.delta, c=known.c, alpha=settings.alpha, seed=baseline.seed
                )
            if price is not None:
                show_price(price, tariff, chosen.name, settings.max_requests)
            try:
                dialogue = verification(baseline, suite, settings, endpoint=named)
                result = connection.run(
                    args,
                    dialogue,
                    endpoint,
                    store,
                    reference,
                    expected=price.requests if price else 0,
                    tariff=tariff,
                )
            except (KeyboardInterrupt, asyncio.CancelledError):
                # What was seen so far is judged, as a re-check of the bundle would.
                result = replay(verification(baseline, suite, settings, endpoint=named), store.observations)
    except (ValueError, BundleError) as error:
        raise CommandError(str(error)) from error
    if args.report:
        show_result(result, tariff)
    status = report(result, args.json)
    ci.write(args, result)
    return status


def judging_band(baseline: Baseline) -> Band:
    """The honest band that a run on this baseline's own lists is judged by."""
    contexts = usable_contexts(baseline, (ContextType.FIRST_TOKEN, ContextType.CHAT_PREFIX))
    return band(baseline, contexts, tv_score(baseline.k))


def report(result: dict[str, Any], path: Path | None) -> int:
    """The result on stdout (and in `path`), its sentence on stderr. Returns the exit status."""
    text = result_text(result)
    sys.stdout.write(text)
    sys.stdout.flush()
    if path is not None:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"cannot write the result to {path}: {error}") from error
    print(result["sentence"], file=sys.stderr)
    return EXIT[result["verdict"]]
