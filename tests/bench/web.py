"""`make bench-web`: how many readers a board of 300 endpoints with a year of daily runs bears.

On a PostgreSQL and a Redis of its own, with the Procfile's web and worker processes, four runs being under
way all the time. wrk asks on the same machine, each request from another address (as behind a proxy), so that
no quota is reached; then again as a poller that has everything already. Beside it stands what the same server
gives of a page that costs nothing. Prints the table; exits 1 when a figure is short of what it must be.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from leaderboard.demo.processes import running
from leaderboard.demo.surroundings import free_ports
from leaderboard.web_server import THREADS
from tests.functional.surroundings import ROOT, procfile, production, until
from tests.throwaway import Broker, postgres

LEAST, LEAST_CONDITIONAL, P99_MS = 1000.0, 5000.0, 100.0
CONNECTIONS, WEB_PROCESSES = 16, 2
WARM_SECONDS = 3
"""Each page is asked for so long before anything is measured."""
FROM_ANYWHERE = """
request = function()
  wrk.headers["X-Forwarded-For"] = string.format("203.%d.%d.%d", math.random(0, 255), math.random(0, 255),
    math.random(1, 254))
  return wrk.format()
end
"""
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk measured: requests per second, 99 % of the answers within so many milliseconds, failures."""

    rate: float
    p99: float
    failed: int


def read(said: str) -> Load:
    """From wrk's report. Raises ValueError for anything else."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if rate is None or p99 is None:
        raise ValueError(f"wrk said something else: {said}")
    failed = sum(int(count) for count in re.findall(r"(?:connect|read|write|timeout) (\d+)", said))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Load(float(rate[1]), float(p99[1]) * _UNITS[p99[2]], failed + (int(refused[1]) if refused else 0))


def load(url: str, seconds: int, script: Path, tag: str | None = None) -> Load:
    """Ask `url` for so long; with `tag` as a poller that has this version."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    command += ["-H", "Accept-Encoding: gzip", *(["-H", f"If-None-Match: {tag}"] if tag else []), url]
    return read(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def tag_of(url: str) -> str:
    """The validator of what is answered now."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers={"Accept-Encoding": "gzip"}), timeout=60) as answer:
        return str(answer.headers["ETag"])


def answers(url: str) -> bool:
    """Whether the server is up."""
    try:
        tag_of(url)
    except OSError:
        return False
    return True


def measured(folder: Path, stack: ExitStack, seconds: int, console: Console) -> dict[str, tuple[Load, Load]]:
    """Each page's loads, as a reader and as a poller; the bare page has no second one that means anything."""
    cluster, broker = stack.enter_context(postgres()), Broker(folder, stack)
    web, bare = free_ports(2)
    environment = {
        **production(folder),
        "DATABASE_URL": cluster.url,
        "REDIS_URL": broker.url,
        "PORT": str(web),
        "WEB_CONCURRENCY": str(WEB_PROCESSES),
        "WORKER_CONCURRENCY": "4",
        "PROXY_COUNT": "1",
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
    }

    def start(name: str, command: Sequence[str], stdout: int | None = None) -> subprocess.Popen[bytes]:
        log = folder / f"{name}.log"
        child = running(name, command, log=log, environment=environment, stdout=stdout)
        return stack.enter_context(child).process

    model = start("model", [sys.executable, "-m", "tests.chaos.stub"], subprocess.PIPE)
    assert model.stdout is not None
    port = int(model.stdout.readline())
    environment["EGRESS_ALLOW"] = f"127.0.0.1:{port}"
    console.print("filling the database ...")
    subprocess.run(procfile("release"), env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    fill = [sys.executable, "-m", "tests.bench.web_world", str(port)]
    done = subprocess.run(fill, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    endpoint = done.stdout.split()[-1]
    for name in ("web", "worker"):
        start(name, procfile(name))
    server = ["granian", "tests.bench.bare:application", "--interface", "wsgi", "--port", str(bare)]
    start("bare", [*server, "--workers", str(WEB_PROCESSES), "--blocking-threads", str(THREADS)])
    site = f"http://127.0.0.1:{web}"
    script = folder / "from_anywhere.lua"
    script.write_text(FROM_ANYWHERE)
    pages = {
        "board": f"{site}/",
        "drill-down": f"{site}/endpoints/{endpoint}/",
        "API, a page of endpoints": f"{site}/api/v1/endpoints",
        "badge": f"{site}/api/v1/endpoints/{endpoint}/badge.svg",
    }
    for url in (*pages.values(), f"http://127.0.0.1:{bare}/"):
        until(lambda url=url: answers(url), url, patience=120)  # type: ignore[misc]
    found = {}
    for name, url in pages.items():
        console.print(f"{name} ...")
        load(url, WARM_SECONDS, script)
        found[name] = (load(url, seconds, script), load(url, seconds, script, tag_of(url)))
    alone = load(f"http://127.0.0.1:{bare}/", seconds, script)
    return {**found, "bare": (alone, alone)}


def shortfalls(found: dict[str, tuple[Load, Load]]) -> list[str]:
    """What is not as it must be, in words."""
    short = []
    for name, (reader, poller) in found.items():
        if name == "bare":
            continue
        if reader.rate < LEAST:
            short.append(f"{name}: {reader.rate:.0f} requests a second, and {LEAST:.0f} must be reached")
        if reader.p99 > P99_MS:
            short.append(f"{name}: 99 % within {reader.p99:.0f} ms, and {P99_MS:.0f} must be kept")
        if poller.rate < LEAST_CONDITIONAL:
            short.append(
                f"{name}: {poller.rate:.0f} of {LEAST_CONDITIONAL:.0f} conditional requests a second"
            )
        if failed := reader.failed + poller.failed:
            short.append(f"{name}: {failed} failed")
    return short


def summary(found: dict[str, tuple[Load, Load]]) -> str:
    """The worst of all pages but the bare one, in a line."""
    loads = [pair for name, pair in found.items() if name != "bare"]
    return (
        f"every page: at least {min(reader.rate for reader, _ in loads):.0f} requests a second, "
        f"99 % within {max(reader.p99 for reader, _ in loads):.0f} ms, "
        f"{min(poller.rate for _, poller in loads):.0f} conditional requests a second, "
        f"{sum(reader.failed + poller.failed for reader, poller in loads)} failed"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when everything is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="how long each page is asked for")
    args = parser.parse_args(arguments)
    console = Console()
    if shutil.which("wrk") is None:
        console.print("wrk is not installed. On Debian or Ubuntu: apt-get install wrk", style="bold red")
        return 1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-web-")))
        found = measured(folder, stack, args.seconds, console)
    table = Table("page", "requests / s", "99 % within", "conditional / s", "of the bare page", "failed")
    for name, (reader, poller) in found.items():
        share = reader.rate / found["bare"][0].rate
        failed = str(reader.failed + poller.failed)
        table.add_row(
            name, f"{reader.rate:.0f}", f"{reader.p99:.0f} ms", f"{poller.rate:.0f}", f"{share:.2f}", failed
        )
    console.print(table)
    short = shortfalls(found)
    for line in short:
        console.print(f"short: {line}", style="bold red")
    console.print(summary(found), soft_wrap=True)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
