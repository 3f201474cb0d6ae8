"""What the bench takes for granted: a greedy text is the same whether its lists are asked for or not."""

from __future__ import annotations

import asyncio

from tests.bench.answers import client_of
from verifier.checks.asking import chat_body
from verifier.checks.base import Probe, Purpose
from verifier.lab.serve import serving
from verifier.suites import load

PROMPTS = 12


def test_a_text_does_not_depend_on_whether_its_lists_are_shown() -> None:
    prompts = [prompt for prompt in load("core").prompts if prompt.category != "long"][:: 1700 // PROMPTS]

    async def ask() -> list[tuple[str, str]]:
        with serving(("cal-f16",)) as lab:
            async with client_of(lab.served["cal-f16"]) as client:
                found = []
                for prompt in prompts:
                    texts = []
                    for k in (20, None):
                        body = chat_body(prompt.messages, max_tokens=8, top_logprobs=k)
                        probe = Probe(f"{prompt.id}/{k}", "chat/completions", body, Purpose.RECORDING)
                        answer = (await client.ask(probe)).answer
                        assert answer is not None
                        assert bool(answer.positions) == bool(k)
                        texts.append(answer.text)
                    found.append((texts[0], texts[1]))
                return found

    pairs = asyncio.run(ask())
    assert len(pairs) >= PROMPTS
    assert all(shown == hidden for shown, hidden in pairs)
