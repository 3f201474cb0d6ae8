"""Whatever an endpoint sends, the process that asks it grows by less than 64 MB."""

from __future__ import annotations

import asyncio
import json
import sys

from tests.verifier.client.behaviours import BEHAVIOURS
from tests.verifier.client.hostile import Behaviour, endless, reply, serving, stream_head

MAX_GROWTH_MB = 64

ENTRY = '{"token":"ab","logprob":-1.5,"bytes":[1,2]},'
LARGEST_STILL_PARSED = (
    '{"choices":[{"message":{"content":""},"logprobs":{"content":[%s{"token":"a","logprob":-1}]}}]}'
)


def _saying(text: str) -> str:
    return json.dumps({"choices": [{"message": {"content": text}}]}, ensure_ascii=False)


BEHAVIOURS_THAT_FILL_MEMORY: dict[str, Behaviour] = {
    **{
        name: BEHAVIOURS[name]
        for name in (
            "gigabyte", "gzip-bomb", "million-empty-lists", "million-short-strings", "wide-characters",
            "deep-nesting", "headers-without-end", "flood-of-100-continue", "500-endless-body",
            "stream-endless", "stream-endless-line", "stream-endless-event",
        )
    },
    "most-containers": reply(LARGEST_STILL_PARSED % (ENTRY * 39_000)),
    "most-values": reply('{"choices":[{"a":[%s0.5]}]}' % ("1.25," * 490_000)),
    "most-text": reply(_saying("x" * (8 * 2**20 - 100))),
    "most-wide-text": reply(_saying("😀" + "x" * 4_100_000)),
    "most-text-kept": reply(_saying("😀" + "x" * (2**20 - 1))),
    "many-small-events": endless(stream_head(), b"8000\r\n" + (b"data: {}\n\n" * 4000)[:0x8000] + b"\r\n"),
}  # fmt: skip

ASK = r"""
import asyncio, json, re, sys
from pathlib import Path
from verifier.checks.base import Probe, Purpose
from verifier.client.egress import EgressPolicy
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target

# Not ru_maxrss, which a child inherits from the process that forked it.
def peak():
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024

async def main():
    address = sys.argv[1]
    policy = EgressPolicy(allow=frozenset({address}))
    target = Target(f"http://{address}/v1", "a-model", "sk-0123456789abcdef")
    async with Client(target, policy=policy, limits=Limits(deadline=1, retries=0)) as client:
        async def ask(**body):
            return await client.ask(Probe("p", "chat/completions", body, Purpose.DECISION))
        await ask(behaviour="answers")
        before = peak()
        for line in sys.stdin:
            name = line.strip()
            observation = await ask(behaviour=name, stream=name.startswith(("stream", "many")))
            print(json.dumps([name, observation.fault, peak() - before]), flush=True)

asyncio.run(main())
"""


async def test_the_growth_of_the_asking_process_is_bounded() -> None:
    ways = {"answers": BEHAVIOURS["answers"], **BEHAVIOURS_THAT_FILL_MEMORY}

    async def by_name(request, writer):  # type: ignore[no-untyped-def]
        await ways[request.body["behaviour"]](request, writer)

    async with serving(by_name) as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", ASK, server.address),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate("\n".join(BEHAVIOURS_THAT_FILL_MEMORY).encode())

    growth = {name: grown for name, _, grown in map(json.loads, said.splitlines())}
    assert process.returncode == 0
    assert list(growth) == list(BEHAVIOURS_THAT_FILL_MEMORY)
    assert max(growth.values()) < MAX_GROWTH_MB, growth
