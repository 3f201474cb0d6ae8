"""What the published methods ask a lab deployment for, as plain JSON values that can be kept."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from verifier.checks.base import Answer, Probe, Purpose, as_logprobs
from verifier.client.egress import EgressPolicy
from verifier.client.limits import Limits
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.lab.serve import Served
from verifier.stats.margin import margin
from verifier.suites import Prompt

POLICY = EgressPolicy(allow_loopback=True)
LIMITS = Limits(deadline=600.0, patience=1800.0)
"""Nobody waits for an answer here, and the machine may be busy."""
SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0}
"""The model itself: engines have defaults of their own for what is left out."""
GREEDY = {"temperature": 0.0}
RANKED = 50
"""Tokens listed with the reference's samples; those beyond share the rank after the last."""
LISTED = 404
"""Tokens listed when the reference scores a sample: all those of a probability of e^FLOOR or more."""
FLOOR = -6.0
"""Nats at which log-probabilities are clipped, so that every token has a score."""
NEARBY = 20
"""Tokens listed in greedy and one-token answers."""
TRIES = 8

Sample = list[tuple[str, float, int]]
"""An answer: of each token its text, its clipped log-probability and its clipped rank (lists, after JSON)."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked of a deployment. Answers of `length` tokens are sampled at temperature 1.

    The reference gives `references` to each of `prompts`; an endpoint gives `few` to each of them and
    `many` to the first `several`. Greedy answers of `greedy_length` tokens, and lists of one-token answers;
    the first `repeated` prompts of those are asked `repeats` times.
    """

    prompts: int = 80
    length: int = 12
    references: int = 20
    few: int = 2
    several: int = 25
    many: int = 17
    greedy: int = 60
    greedy_length: int = 40
    lists: int = 100
    repeated: int = 10
    repeats: int = 20


@dataclass(slots=True)
class Asked:
    """A client for one deployment, and the next-token lists it has given already."""

    client: Client
    name: str
    known: dict[tuple[str, str], dict[bytes, float]] = field(default_factory=dict)

    async def answer(self, prompt: Prompt, prefix: str, body: Mapping[str, Any]) -> Answer:
        """The answer to `prompt`, from the end of `prefix` on. Raises RuntimeError if there is none."""
        messages = [dict(message) for message in prompt.messages]
        if prefix:
            messages.append({"role": "assistant", "content": prefix})
        probe = Probe(
            prompt.id, "chat/completions", {"messages": messages, "logprobs": True, **body}, Purpose.RECORDING
        )
        observation = await self.client.ask(probe)
        if observation.answer is None:
            raise RuntimeError(f"{self.name} gave no answer to {prompt.id}: {observation.detail}")
        return observation.answer

    async def sample(self, prompt: Prompt, number: int, length: int, listed: int) -> Sample:
        """The `number`-th sampled answer to `prompt`: no two deployments share a seed.

        Cut before the first token that is not ASCII: the server joins halves of characters, so that beyond
        it the tokens that are listed need not be those that were drawn.
        """
        name = f"{self.name} {prompt.id} {number}".encode()
        seed = int.from_bytes(hashlib.sha256(name).digest()[:4], "big") & 0x7FFFFFFF
        body = {**SAMPLING, "seed": seed, "max_tokens": length, "top_logprobs": listed}
        sample: Sample = []
        for position in (await self.answer(prompt, "", body)).positions or ():
            if not position.token.isascii():
                break
            ranks = [item.token for item in position.top[: RANKED - 1]]
            rank = ranks.index(position.token) + 1 if position.token in ranks else RANKED
            sample.append((position.token.decode(), max(FLOOR, position.logprob), rank))
        return sample

    async def greedy(self, prompt: Prompt, length: int) -> list[str]:
        """The tokens of the greedy answer, cut as samples are."""
        answer = await self.answer(prompt, "", {**GREEDY, "max_tokens": length, "top_logprobs": 1})
        tokens: list[str] = []
        for position in answer.positions or ():
            if not position.token.isascii():
                break
            tokens.append(position.token.decode())
        return tokens

    async def following(self, prompt: Prompt, prefix: str, listed: int) -> dict[bytes, float]:
        """The log-probabilities of the token after `prefix`.

        The server lists nothing with a token that ends the answer, so then it draws another one.
        """
        for number in range(TRIES):
            how = {**SAMPLING, "seed": number} if number else GREEDY
            answer = await self.answer(prompt, prefix, {**how, "max_tokens": 1, "top_logprobs": listed})
            if answer.positions:
                return as_logprobs(answer.positions[0].top)
        return {}

    async def score(self, prompt: Prompt, tokens: Sequence[str]) -> Sample:
        """A sample of another deployment with this one's log-probabilities and ranks, prefix by prefix.

        Tokens that are not `scorable` get the lowest of both.
        """
        scored: Sample = []
        for place, (token, asked) in enumerate(zip(tokens, scorable(tokens), strict=True)):
            prefix = "".join(tokens[:place])
            listed = await self.following(prompt, prefix, LISTED) if asked else {}
            order = sorted(listed, key=lambda one: (-listed[one], one))[: RANKED - 1]
            rank = order.index(token.encode()) + 1 if token.encode() in order else RANKED
            scored.append((token, max(FLOOR, listed.get(token.encode(), FLOOR)), rank))
        return scored

    async def margins(self, prompt: Prompt, tokens: Sequence[str]) -> list[float]:
        """The clipped margins of a greedy answer's `scorable` tokens under this deployment."""
        found = []
        for place, (token, asked) in enumerate(zip(tokens, scorable(tokens), strict=True)):
            prefix = "".join(tokens[:place])
            if asked and (prompt.id, prefix) not in self.known:
                self.known[prompt.id, prefix] = await self.following(prompt, prefix, NEARBY)
            if listed := self.known.get((prompt.id, prefix)):
                found.append(margin(listed, token.encode()))
        return found


def scorable(tokens: Sequence[str]) -> list[bool]:
    """Whether each token can be scored by asking for what follows the text before it.

    Servers trim white space at the ends of a pinned prefix: then the question would be another one.
    """
    prefixes = accumulate(tokens[:-1], initial="") if tokens else ()
    return [prefix == prefix.strip() for prefix in prefixes]


def client_of(served: Served) -> Client:
    """A client for one deployment of the lab."""
    return Client(Target(served.base_url, served.model), policy=POLICY, limits=LIMITS)


async def repeats(asked: Asked, prompts: Sequence[Prompt], times: int) -> dict[str, list[dict[str, float]]]:
    """The same one-token question asked again and again, as `lists` names tokens."""
    found: dict[str, list[dict[str, float]]] = {}
    for prompt in prompts:
        for _ in range(times):
            (listed,) = (await lists(asked, [prompt])).values() or ({},)
            found.setdefault(prompt.id, []).append(listed)
    return found


async def lists(asked: Asked, prompts: Sequence[Prompt]) -> dict[str, dict[str, float]]:
    """The next-token lists of one-token answers, by prompt id; tokens as Latin-1."""
    found = await asyncio.gather(*(asked.following(prompt, "", NEARBY) for prompt in prompts))
    return {
        prompt.id: {token.decode("latin-1"): logprob for token, logprob in listed.items()}
        for prompt, listed in zip(prompts, found, strict=True)
        if listed
    }
