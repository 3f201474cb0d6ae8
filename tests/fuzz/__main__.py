"""A million made-up answers for the parsers of whole answers and of event streams.

`make fuzz`; `make fuzz ARGS="--inputs 5000000 --seed 7"`. An input is named by seed and number, and
`--only NUMBER` has it parsed once more, to look at. Exits 1 when a parser raised anything but its
typed failure.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from rich.progress import track

from tests.fuzz.targets import batch, one_input

BATCH = 5_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every input ended as an answer or in a typed failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, help="names the inputs; printed, to be given again")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="parse this one input, with its traceback")
    args = parser.parse_args(arguments)
    seed = secrets.randbelow(10**6) if args.seed is None else args.seed
    if args.only is not None:
        print("an answer" if one_input(f"{seed}/{args.only}") else "a typed failure")
        return 0
    answers, broken = 0, list[tuple[int, str]]()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(batch, seed, first, min(BATCH, args.inputs - first))
            for first in range(0, args.inputs, BATCH)
        ]
        for job in track(jobs, description="parsing"):
            some, wrong = job.result()
            answers += some
            broken += wrong
    for said, count in Counter(said for _, said in broken).most_common(20):
        number = next(number for number, other in broken if other == said)
        print(f"{count} times {said}: --seed {seed} --only {number}")
    print(f"seed {seed}: {args.inputs} inputs, {answers} answers, {len(broken)} outside the typed failures")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
