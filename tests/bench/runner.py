"""`make bench-runner`: what our runner costs beside a bare loop and beside the pattern of other verifiers.

The same requests go to a server without latency (tests.bench.stub), at the same concurrency:

- ours: `runner.drive` with the guarded client, every answer parsed, redacted, and stored in a bundle;
- bare: an httpx loop that reads the JSON and keeps nothing;
- sdk: the openai SDK's client in a thread pool, as evaluators of tool calls are written.

The rounds alternate, and a ratio is the median over rounds of what was measured in the same round, so that a
busy machine disturbs all alike.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import httpx
import openai

from verifier.checks.base import Ask, Observation, Probe, Purpose
from verifier.checks.session import Settings
from verifier.client.egress import EgressPolicy
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.evidence.bundle import BundleStore, Header, read
from verifier.runner import drive

LEAST_OF_BARE = 0.7
LEAST_OF_SDK = 2.0
BODY = {
    "messages": [
        {"role": "user", "content": "How often does the tide come in, and why is it not always so?"}
    ],
    "max_tokens": 16,
    "temperature": 0.0,
}


def ours(base_url: str, requests: int, concurrency: int) -> None:
    """The runner, storing evidence; raises AssertionError unless every answer is stored."""
    probes = tuple(Probe(f"p{n}", "chat/completions", BODY, Purpose.BEHAVIOUR) for n in range(requests))

    def dialogue() -> Generator[Ask, Sequence[Observation], int]:
        answers = yield Ask(probes, "bench", requests)
        return sum(answer.ok for answer in answers)

    async def run(store: BundleStore) -> int:
        policy = EgressPolicy(allow_loopback=True)
        limits = Limits(concurrency=concurrency)
        async with Client(
            Target(base_url, "stub", "sk-bench-0123456789"), policy=policy, limits=limits
        ) as client:
            return await drive(dialogue(), client.ask, store, concurrency=concurrency)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bundle.jsonl.gz")
        with BundleStore(
            Header(Settings(), {"base_url": base_url, "upstream_model": "stub"}, "none"), path
        ) as store:
            answered = asyncio.run(run(store))
        assert answered == requests == len(read(path)[1])


def bare(base_url: str, requests: int, concurrency: int) -> None:
    """An httpx loop that keeps nothing."""

    async def run() -> None:
        slots = asyncio.Semaphore(concurrency)
        limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:

            async def one() -> str:
                async with slots:
                    reply = await client.post(f"{base_url}/chat/completions", json={"model": "stub", **BODY})
                    text: str = reply.json()["choices"][0]["message"]["content"]
                    return text

            assert all(await asyncio.gather(*(one() for _ in range(requests))))

    asyncio.run(run())


def sdk(base_url: str, requests: int, concurrency: int) -> None:
    """The openai SDK in a thread pool."""
    with (
        openai.OpenAI(base_url=base_url, api_key="sk-bench-0123456789", max_retries=3) as client,
        ThreadPoolExecutor(concurrency) as pool,
    ):

        def one(_: int) -> str:
            answer = client.chat.completions.create(model="stub", **BODY)  # type: ignore[call-overload]
            return str(answer.model_dump()["choices"][0]["message"]["content"])

        assert all(pool.map(one, range(requests)))


def measured(run: Callable[[str, int, int], None], base_url: str, requests: int, concurrency: int) -> float:
    """Requests per second."""
    began = time.perf_counter()
    run(base_url, requests, concurrency)
    return requests / (time.perf_counter() - began)


def bench(requests: int, concurrency: int, rounds: int) -> tuple[float, float]:
    """The medians over rounds of (ours / bare, ours / sdk); prints each round."""
    ratios = []
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.stub"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        base_url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        try:
            for way in (ours, bare, sdk):
                way(base_url, min(requests, 4 * concurrency), concurrency)
            for _ in range(rounds):
                rates = [measured(way, base_url, requests, concurrency) for way in (ours, bare, sdk)]
                print(
                    "requests/s: ours {:.0f}, bare httpx {:.0f}, openai SDK {:.0f}".format(*rates), flush=True
                )
                ratios.append((rates[0] / rates[1], rates[0] / rates[2]))
        finally:
            server.terminate()
    return median(of_bare for of_bare, _ in ratios), median(of_sdk for _, of_sdk in ratios)


def main() -> int:
    """Returns 1 where a ratio is below what it must be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    of_bare, of_sdk = bench(args.requests, args.concurrency, args.rounds)
    print(f"{args.requests} requests at concurrency {args.concurrency}, medians of {args.rounds} rounds:")
    print(f"ours / bare httpx loop: {of_bare:.2f} (at least {LEAST_OF_BARE})")
    print(f"ours / openai SDK in a thread pool: {of_sdk:.2f} (at least {LEAST_OF_SDK:.0f})")
    return 0 if of_bare >= LEAST_OF_BARE and of_sdk >= LEAST_OF_SDK else 1


if __name__ == "__main__":
    sys.exit(main())
