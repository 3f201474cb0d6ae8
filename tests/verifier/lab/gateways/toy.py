"""Model servers small enough to know every probability of: they answer as llama.cpp's own paths do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from verifier.lab.gateways.base import CHAT, Answer, Request
from verifier.lab.vocabulary import Vocabulary, spell

PIECES = (b"", b"a", b"b", b" red", b" sky", b".", "é".encode()[:1], "é".encode()[1:], b"Q:")
EOS, A, B, RED, SKY, DOT, HALF, OTHER_HALF, ASK = range(len(PIECES))
VOCABULARY = Vocabulary(("<end>", *(spell(piece) for piece in PIECES[1:])), frozenset({EOS}))

Weights = Callable[[Sequence[int]], Mapping[int, float]]
"""The next token's probabilities after the tokens so far; they sum to 1."""


class Recorder:
    """Answers everything with its name, and keeps what it was asked."""

    def __init__(self, name: str = "it") -> None:
        self.name = name
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        self.asked.append((path, body))
        return Answer(200, {"from": self.name})


class Toy:
    """One model: a prompt is `ASK` and one `A` for each message; weights decide the rest."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.drawn = 0

    async def ask(self, path: str, body: Mapping[str, Any]) -> Answer:
        if path == "/apply-template":
            if not isinstance(body["messages"], list):
                return Answer(400, {"error": {"message": "Expected 'messages' to be an array"}})
            return Answer(200, {"prompt": "Q:" + "a" * len(body["messages"])})
        if path == "/tokenize":
            return Answer(200, {"tokens": [ASK, *(A for _ in body["content"][2:])]})
        if path == "/completion":
            return Answer(200, self._completed(body))
        return Answer(200, {"passed": path})

    def _completed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self.drawn += 1
        tokens = list(body["prompt"])
        drawn: list[int] = []
        entries: list[dict[str, Any]] = []
        data = b""
        stopped = "limit"
        random = np.random.default_rng(body.get("seed"))
        while len(drawn) < body["n_predict"]:
            weights = {token: float(p) for token, p in self._weights([*tokens, *drawn]).items() if p > 0}
            token = self._token(weights, body, random)
            drawn.append(token)
            data += PIECES[token]
            ranked = sorted(weights.items(), key=lambda item: -item[1])[: body.get("n_probs", 0)]
            listed = [
                {"id": one, "token": "", "bytes": list(PIECES[one]), "logprob": math.log(p)}
                for one, p in ranked
            ]
            if listed and is_whole(data):
                entries.append({"id": token, "logprob": math.log(weights[token]), "top_logprobs": listed})
            if token == EOS:
                stopped = "eos"
                break
            if any(word.encode() in data for word in body.get("stop", [])):
                stopped = "word"
                break
        said = {"tokens": drawn, "stop_type": stopped, "content": data.decode(errors="ignore")}
        return {**said, "completion_probabilities": entries} if entries else said

    def _token(
        self, weights: Mapping[int, float], body: Mapping[str, Any], random: np.random.Generator
    ) -> int:
        if "grammar" in body:
            weights = {token: p for token, p in weights.items() if PIECES[token].isascii() and PIECES[token]}
        if body.get("temperature", 1) == 0:
            return max(weights, key=lambda token: weights[token])
        shares = np.array(list(weights.values()))
        return int(random.choice(list(weights), p=shares / shares.sum()))


def is_whole(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def chat(*texts: str, **more: Any) -> Request:
    """A chat request whose messages alternate, the user first."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
    return Request(CHAT, {"messages": messages, "temperature": 0, **more})
