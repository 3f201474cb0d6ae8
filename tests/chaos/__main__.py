"""A thousand short runs on PostgreSQL and Redis while workers, broker and database are killed under them.

`make chaos`; `make chaos ARGS="--few"` is what CI does: 100 runs, 3 faults. Nothing outside is
touched: the database, the broker, the workers and the model that is asked are started here. Exits 1 when
anything is not as if nothing had been killed, or when the last verdict comes more than a minute after the
last fault.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg
from rich.console import Console

from tests.chaos.accounts import asked, complaints, deliveries, states
from tests.chaos.faults import BROKER, DATABASE, FEW, FLUSH, MANY, WORKER, Fault, plan
from tests.chaos.site import Site, site
from tests.throwaway import Broker, postgres

DRAINED_SECONDS = 60.0
PATIENCE_SECONDS = 180.0
"""How long nothing may end before it is given up."""
LOOK_SECONDS = 0.2


def endure(
    database: str, faults: Sequence[Fault], runs: int, here: Site, do: Callable[[str], str], console: Console
) -> float:
    """Let the runs end while the faults happen; seconds from the last fault to the last verdict."""
    waiting = list(faults)
    began = moved = last = time.monotonic()
    ended = -1
    while ended < runs or waiting:
        time.sleep(LOOK_SECONDS)
        here.keep_up()
        try:
            now = states(database)
        except psycopg.OperationalError:
            continue
        if (count := sum(now.get(state, 0) for state in ("complete", "failed"))) != ended:
            ended, moved = count, time.monotonic()
        if waiting and ended >= waiting[0].after:
            said = do(waiting.pop(0).what)
            last = time.monotonic()
            console.print(f"{last - began:6.0f} s  {ended} of {runs} runs ended: {said}")
        if time.monotonic() - moved > PATIENCE_SECONDS:
            raise TimeoutError(f"nothing has ended for {PATIENCE_SECONDS:.0f} s: {now}")
    return moved - last


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when nothing was lost and nothing done twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", action="store_true", help="100 runs and 3 faults")
    parser.add_argument("--runs", type=int, help="another number of runs")
    parser.add_argument("--seed", type=int, help="draws the faults; printed, to be given again")
    args = parser.parse_args(arguments)
    console = Console()
    runs = args.runs or (100 if args.few else 1000)
    seed = secrets.randbelow(10**6) if args.seed is None else args.seed
    faults = plan(FEW if args.few else MANY, runs, seed)
    draw = random.Random(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-chaos-")))
        cluster = stack.enter_context(postgres())
        broker = Broker(folder, stack)
        console.print(f"seed {seed}: queueing {runs} runs ...")
        here, port = stack.enter_context(site(folder, cluster.url, broker.url, runs))
        acts: dict[str, Callable[[], object]] = {
            WORKER: lambda: here.kill_a_worker(draw),
            BROKER: broker.kill,
            FLUSH: broker.flush,
            DATABASE: cluster.crash,
        }

        def do(what: str) -> str:
            acts[what]()
            return what

        here.start()
        drained = endure(cluster.url, faults, runs, here, do, console)
        console.print(f"runs by deliveries: {deliveries(cluster.url)}")
        found = complaints(cluster.url, asked(port), runs)
    if drained > DRAINED_SECONDS:
        found.append(f"drained {drained:.0f} s after the last fault, more than {DRAINED_SECONDS:.0f} s")
    for line in found:
        console.print(line, style="bold red")
    after = f"drained {drained:.0f} s after the last fault"
    console.print(f"{runs} runs, {len(faults)} faults, {len(found)} complaints; {after}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
