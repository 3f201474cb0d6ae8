"""The bench of healthy servers, on a made-up model behind a real gateway."""

from __future__ import annotations

import asyncio

import pytest

from tests.bench.healthy import Told, judge, show
from tests.verifier.everyday import Everyday, remembered
from tests.verifier.lab.gateways.toy import VOCABULARY
from tests.verifier.small_world import SUITE, first_answers
from tests.verifier.synthetic_server import serving
from verifier.lab.deployment import Access
from verifier.lab.gateway import Gateway
from verifier.lab.gateways.base import Behaviour, Pass, Server
from verifier.lab.gateways.false_usage import FalseUsage


def told(behaviour: Behaviour) -> Told:
    async def run() -> Told:
        door = await Gateway(behaviour, Access(), VOCABULARY, "toy").start(0)
        url = f"http://127.0.0.1:{door.sockets[0].getsockname()[1]}/v1"
        found = await judge(url, "toy", remembered(first_answers()), SUITE, "smoke", 2)
        door.close()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        return found

    return asyncio.run(run())


def test_what_fails_is_told_with_its_seed_and_cause(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Everyday()) as model:
        upstream = Server(int(model.server_address[1]))
        healthy, lying = told(Pass(upstream)), told(FalseUsage(upstream, factor=2.0))
    assert healthy.failures == []
    assert healthy.outcomes["streaming"] == {"pass": 2}
    assert {failure.split(": ")[1] for failure in lying.failures} == {"usage"}
    assert show({"healthy": healthy, "lying": lying}) == len(lying.failures) >= 2
    assert "FAILED seed 0: usage: It reports other completion tokens" in capsys.readouterr().out
