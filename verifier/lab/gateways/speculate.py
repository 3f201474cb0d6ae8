"""Lossy speculative decoding: a draft's token is kept whenever the official weights find it likely enough.

Exact speculative decoding (arXiv 2211.17192) accepts a draft with probability min(1, p/q) and so changes
nothing. This one accepts by a threshold ("typical acceptance", Medusa, arXiv 2401.10774, in its plainest
form), which is faster and gives text that the official weights would not have written.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from verifier.lab.gateways.base import Answer, Request, Upstream
from verifier.lab.gateways.steps import (
    LISTED,
    Refused,
    Step,
    Written,
    add,
    alternatives,
    can_step,
    draw,
    length,
    logprob_of,
    put_together,
    seed_of,
    stop_words,
    tokens_of,
)
from verifier.lab.vocabulary import Vocabulary

LIKELY_ENOUGH = math.log(0.1)
"""Least log-probability, by the official weights, of a draft that is kept."""
_DRAFT, _OWN = 1, 0


class Speculate:
    """Steps two models along one answer; the log-probabilities given are the official ones."""

    def __init__(self, official: Upstream, draft: Upstream, vocabulary: Vocabulary, model: str) -> None:
        self._official, self._draft = official, draft
        self._vocabulary, self._model = vocabulary, model

    async def answer(self, request: Request) -> Answer:
        """An answer written by both; what stepping cannot do is left to the official weights."""
        if not can_step(request):
            return await self._official.ask(request.path, request.body)
        try:
            return await self._written(request)
        except Refused as refused:
            return refused.answer

    async def _written(self, request: Request) -> Answer:
        context = await tokens_of(self._official, request)
        words = stop_words(request)
        written = Written()
        before = list(context)
        while len(written.steps) < length(request) and not written.stopped:
            step = await self._step(request, before, len(written.steps))
            add(written, step, self._vocabulary, words)
            before.append(step.token)
        return put_together(request, self._model, len(context), written, self._vocabulary)

    async def _step(self, request: Request, before: Sequence[int], number: int) -> Step:
        """The draft's next token if it is likely enough, else the official weights' own."""
        count = max(request.alternatives or 0, LISTED)
        draft, own = await asyncio.gather(
            draw(self._draft, before, request, **seed_of(request, number, _DRAFT)),
            draw(self._official, before, request, n_probs=count, **seed_of(request, number, _OWN)),
        )
        listed = await alternatives(self._official, before, count, own)
        likely = {row["id"]: row["logprob"] for row in listed}
        token = draft.tokens[0]
        if likely.get(token, -math.inf) >= LIKELY_ENOUGH:
            return Step(token, draft.stopped == "eos", likely[token], listed)
        token = own.tokens[0]
        if own.entries:
            logprob = float(own.entries[0]["logprob"])
        else:
            logprob = await logprob_of(self._official, before, token, listed, self._vocabulary)
        return Step(token, own.stopped == "eos", logprob, listed)
