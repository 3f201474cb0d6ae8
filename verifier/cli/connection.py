"""What the commands share that talk to an endpoint: its address, its key, and asking it with progress."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import numpy as np

from verifier.baseline import files
from verifier.baseline.model import Baseline
from verifier.checks.base import Ask, Observation, Probe
from verifier.cli.errors import CommandError
from verifier.cli.progress import Reporter
from verifier.cli.report import money
from verifier.client.budget import Budget
from verifier.client.egress import EgressPolicy, check_url
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.runner import Store, drive
from verifier.scoring.price import Tariff
from verifier.stats.power import smallest_shown
from verifier.suites import Suite, SuiteError, load
from verifier.suites.private import NAME as PRIVATE
from verifier.suites.private import read_private

T = TypeVar("T")


def add_endpoint_arguments(parser: argparse.ArgumentParser) -> None:
    """--api-key-env, --allow-private, --concurrency, --deadline."""
    parser.add_argument(
        "--api-key-env",
        metavar="VAR",
        help="the environment variable that holds the API key (a key on the command line would be seen)",
    )
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="also ask private addresses and plain http (loopback is always allowed here)",
    )
    parser.add_argument(
        "--concurrency", type=positive, default=4, metavar="N", help="requests in flight (default 4)"
    )
    parser.add_argument(
        "--deadline", type=seconds, default=60.0, metavar="S", help="seconds per request (default 60)"
    )


def target(args: argparse.Namespace, base_url: str, model: str, *, with_key: bool = True) -> Target:
    """The endpoint that the arguments name. Raises CommandError for an address that may not be asked.

    The API key belongs to the endpoint under test: no other party is sent it (`with_key=False`).
    """
    checked = check_url(base_url, policy(args))
    if not checked.ok:
        raise CommandError(checked.reason)
    key = None
    if args.api_key_env and with_key:
        key = os.environ.get(args.api_key_env)
        if not key:
            raise CommandError(
                f"the environment variable {args.api_key_env} is not set; put the API key into it, "
                "or leave --api-key-env out for an endpoint that needs none"
            )
    return Target(base_url, model, key)


def policy(args: argparse.Namespace) -> EgressPolicy:
    """Where the command line may go: loopback by default, private addresses when asked to."""
    return EgressPolicy(allow_loopback=True, allow_private=args.allow_private)


def run(
    args: argparse.Namespace,
    dialogue: Generator[Ask, Sequence[Observation], T],
    endpoint: Target,
    store: Store,
    reference: Target | None = None,
    *,
    expected: int = 0,
    tariff: Tariff | None = None,
) -> T:
    """Drive `dialogue` against the endpoint, and the live reference, with a progress display on stderr.

    `expected` is the number of requests it was priced at; with a `tariff` the display says what is spent.
    """
    limits = Limits(concurrency=args.concurrency, deadline=args.deadline, patience=3 * args.deadline)

    async def ask_all() -> T:
        async with AsyncExitStack() as stack:
            client, scorer = [
                await stack.enter_async_context(Client(target, policy=policy(args), limits=limits))
                for target in (endpoint, reference or endpoint)
            ]

            async def ask(probe: Probe) -> Observation:
                return await (scorer if probe.of_reference else client).ask(probe)

            def spent() -> str:
                return "" if tariff is None else f"{_cost(tariff, client.budget)} so far"

            with Reporter(expected, spent) as reporter:
                return await drive(
                    dialogue, ask, store, concurrency=args.concurrency, on_progress=reporter.show
                )

    return asyncio.run(ask_all())


def _cost(tariff: Tariff, spent: Budget) -> str:
    return money(tariff.cost(spent.prompt_tokens, spent.completion_tokens))


def add_price_arguments(parser: argparse.ArgumentParser) -> None:
    """--price-in, --price-out."""
    for name, what in (("in", "prompt"), ("out", "completion")):
        parser.add_argument(
            f"--price-{name}",
            type=float,
            metavar="USD",
            help=f"what the endpoint takes for a million {what} tokens: the run then states its cost",
        )


def tariff(args: argparse.Namespace) -> Tariff | None:
    """The prices given; one alone leaves the other free of charge. Raises CommandError."""
    if args.price_in is None and args.price_out is None:
        return None
    try:
        return Tariff(args.price_in or 0.0, args.price_out or 0.0)
    except ValueError as error:
        raise CommandError(str(error)) from error


def read_baseline(path: Path) -> Baseline:
    """The baseline file. Raises CommandError."""
    try:
        return files.read(path)
    except (OSError, ValueError) as error:
        raise CommandError(f"cannot read the baseline {path}: {error}") from error


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Raises CommandError."""
    try:
        files.write(baseline, path)
    except OSError as error:
        raise CommandError(f"cannot write the baseline {path}: {error}") from error


def add_hidden_argument(parser: argparse.ArgumentParser) -> None:
    """--hidden, --prompts-file."""
    parser.add_argument(
        "--hidden",
        type=Path,
        metavar="FILE",
        help="the hidden pool of prompts that the baseline was recorded with (`assay suite compose`)",
    )

    parser.add_argument(
        "--prompts-file",
        type=Path,
        metavar="FILE",
        help="prompts of your own instead of a suite's: one chat a line, as JSON with `messages` and, if "
        "wanted, `tools`. Only the endpoints that are asked see them; the file never leaves this machine",
    )


def suite_of(name: str, hidden: Path | None, own: Path | None = None) -> Suite:
    """The suite called `name`, with or without its version, and the hidden pool; or a user's own prompts.

    Raises CommandError.
    """
    short = (name.split() or [name])[0]
    try:
        if own is not None:
            if hidden is not None:
                raise CommandError("--hidden belongs to a suite's prompts; leave it out with --prompts-file")
            return read_private(own)
        if short == PRIVATE:
            raise CommandError(
                "the baseline was recorded with prompts of a user's own; give that file (--prompts-file)"
            )
        return load(short, hidden=hidden)
    except SuiteError as error:
        raise CommandError(str(error)) from error


def say_power(prompts: int, *, delta: float, c: float, alpha: float, seed: int) -> None:
    """One line on stderr about what prompts of the user's own can show. Raises CommandError for too few."""
    rng = np.random.default_rng(seed)
    shown = smallest_shown(prompts, delta=delta, c=c, alpha=alpha, rng=rng)
    noun = "this prompt" if prompts == 1 else f"these {prompts} prompts"
    if shown is None:
        raise CommandError(
            f"{noun} can show no deviation at an error rate of {alpha:g}; twenty show one of about 5 points, "
            "give more of them"
        )
    points = f"{100 * shown:g} point{'' if shown == 0.01 else 's'}"
    said = f"{noun[0].upper()}{noun[1:]} can show a deviation of {points} or more (in 9 of 10 runs)."
    print(said, file=sys.stderr, flush=True)


def positive(text: str) -> int:
    """An argparse type: a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def seed(text: str) -> int:
    """An argparse type: a whole number of at least 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, not {value}")
    return value


def seconds(text: str) -> float:
    """An argparse type: a positive number of seconds."""
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"must be between 0 and 3600 seconds, not {text}")
    return value
