"""Spoofed log-probabilities: cheap weights write the answer, the official ones are quoted beside it."""

from __future__ import annotations

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
    stop_words,
    tokens_of,
)
from verifier.lab.vocabulary import Vocabulary


class Spoof:
    """Tokens of the cheaper weights with the log-probabilities of the official ones."""

    def __init__(self, official: Upstream, cheaper: Upstream, vocabulary: Vocabulary, model: str) -> None:
        self._official, self._cheaper = official, cheaper
        self._vocabulary, self._model = vocabulary, model

    async def answer(self, request: Request) -> Answer:
        """The cheaper weights' answer, dressed up where log-probabilities are asked for."""
        if request.alternatives is None or not can_step(request):
            return await self._cheaper.ask(request.path, request.body)
        try:
            return await self._dressed_up(request, request.alternatives)
        except Refused as refused:
            return refused.answer

    async def _dressed_up(self, request: Request, count: int) -> Answer:
        context = await tokens_of(self._cheaper, request)
        words = stop_words(request)
        drawn = await draw(self._cheaper, context, request, length(request), stop=words)
        written = Written()
        before = list(context)
        for number, token in enumerate(drawn.tokens):
            ends = drawn.stopped == "eos" and number == len(drawn.tokens) - 1
            listed = await alternatives(self._official, before, max(count, LISTED))
            logprob = await logprob_of(self._official, before, token, listed, self._vocabulary)
            add(written, Step(token, ends, logprob, listed), self._vocabulary, words)
            before.append(token)
        return put_together(request, self._model, len(context), written, self._vocabulary)
