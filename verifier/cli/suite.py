"""`assay suite`: what the prompt sets hold, and the hidden pools that an operator keeps beside them."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from verifier.cli import connection
from verifier.cli.errors import CommandError
from verifier.suites import HIDDEN, Prompt, Suite, SuiteError, as_jsonl, load, names
from verifier.suites.hidden import compose


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `suite` with its own subcommands; each sets `run`, a callable from arguments to an exit status."""
    parser = subparsers.add_parser("suite", help="what the prompt sets hold; make and check a hidden pool")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="name, version, SHA-256 and contents of every suite")
    listing.add_argument("--json", action="store_true", help="one JSON line per suite")
    listing.set_defaults(run=list_suites)

    composing = commands.add_parser(
        "compose",
        help="compose a hidden pool from a secret",
        description="Writes prompts that nobody has seen, the same ones for the same secret. Keep the file "
        "and the secret to yourself, publish the SHA-256 that is printed, and the file when it is retired.",
    )
    composing.add_argument(
        "--seed-file",
        required=True,
        type=Path,
        metavar="FILE",
        help="holds the secret: at least 16 random bytes, e.g. from `openssl rand -hex 32`",
    )
    composing.add_argument(
        "--prompts", required=True, type=connection.positive, metavar="N", help="how many prompts"
    )
    composing.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="a .jsonl file")
    composing.set_defaults(run=compose_pool)

    checking = commands.add_parser(
        "check",
        help="check a hidden pool, your own or a composed one",
        description="Every line must be a prompt whose id and text no other prompt of the suite has.",
    )
    checking.add_argument("pool", type=Path, metavar="FILE", help="a .jsonl file")
    checking.add_argument("--suite", default="core", metavar="NAME", help="it goes with (default core)")
    checking.set_defaults(run=check_pool)


def list_suites(args: argparse.Namespace) -> int:
    """Print every suite that is shipped. Raises CommandError for one that cannot be read."""
    for name in names():
        suite = _load(name)
        print(_as_json(suite) if args.json else _in_words(suite))
    return 0


def compose_pool(args: argparse.Namespace) -> int:
    """Write the pool whole or not at all, readable by its owner only. Raises CommandError."""
    try:
        secret = args.seed_file.read_bytes().strip()
    except OSError as error:
        raise CommandError(f"cannot read the secret {args.seed_file}: {error}") from error
    try:
        prompts = compose(secret, args.prompts)
    except SuiteError as error:
        raise CommandError(_one_line(error)) from error
    data = as_jsonl(prompts)
    try:
        _write(data, args.output)
    except OSError as error:
        raise CommandError(f"cannot write the hidden pool {args.output}: {error}") from error
    print(f"{_pool(prompts, args.output)}\nsha256 {hashlib.sha256(data).hexdigest()}")
    return 0


def check_pool(args: argparse.Namespace) -> int:
    """Print the pool's digest and contents. Raises CommandError when it cannot be used with the suite."""
    suite = _load(args.suite, args.pool)
    hidden = [prompt for prompt in suite.prompts if prompt.pool == HIDDEN]
    print(f"{_pool(hidden, args.pool)}\nsha256 {suite.hidden_sha256}")
    return 0


def _load(name: str, hidden: Path | None = None) -> Suite:
    try:
        return load(name, hidden=hidden)
    except SuiteError as error:
        raise CommandError(_one_line(error)) from error


def _write(data: bytes, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _as_json(suite: Suite) -> str:
    prompts = suite.prompts
    return json.dumps(
        {
            "name": suite.name,
            "version": suite.version,
            "sha256": suite.sha256,
            "prompts": len(prompts),
            "pools": dict(Counter(prompt.pool for prompt in prompts)),
            "categories": dict(Counter(prompt.category for prompt in prompts).most_common()),
            "languages": dict(Counter(prompt.language for prompt in prompts).most_common()),
        }
    )


def _in_words(suite: Suite) -> str:
    pools = ", ".join(f"{count:,} {pool}" for pool, count in Counter(p.pool for p in suite.prompts).items())
    return f"{suite.name} {suite.version}: {pools} prompts\nsha256 {suite.sha256}\n{_contents(suite.prompts)}"


def _pool(prompts: Iterable[Prompt], path: Path) -> str:
    prompts = list(prompts)
    return f"{len(prompts):,} hidden prompts in {shlex.quote(str(path))}\n{_contents(prompts)}"


def _contents(prompts: Iterable[Prompt]) -> str:
    prompts = list(prompts)
    kinds = {"categories": [p.category for p in prompts], "languages": [p.language for p in prompts]}
    return "\n".join(
        f"{title:<11}" + ", ".join(f"{name} {count}" for name, count in Counter(kind).most_common())
        for title, kind in kinds.items()
    )


def _one_line(error: SuiteError) -> str:
    return " ".join(str(error).split())
