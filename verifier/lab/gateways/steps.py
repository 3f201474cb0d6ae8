"""One token at a time: what spoofing and speculation need of a model server, and the answer put together.

Tokens are given by id through llama.cpp's own `/completion`, so that no text is tokenized twice. The answer
has llama.cpp's shape: a continued beginning is echoed in the text and has no entries; the token that ends the
text has one without bytes; a character that takes several tokens has one, at the last of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verifier.lab.gateways.base import CHAT, Answer, Request, Upstream, refusal
from verifier.lab.vocabulary import Vocabulary

LISTED = 100
"""Alternatives asked for: a token of nearby weights is nearly always among them."""
MORE = 3000
"""Alternatives asked for where a token is not among those; the whole vocabulary takes a second to list."""
LONGEST = 512
"""Tokens of an answer whose length is not limited."""
ASCII = r"root ::= [\x20-\x7e\n]+"
"""A grammar that only plain text meets. It decides which token is drawn and leaves the list as it is."""

_NOT_SAMPLING = frozenset(
    {
        *("messages", "prompt", "continue_final_message", "add_generation_prompt"),
        *("max_tokens", "max_completion_tokens", "n_predict", "stop", "n"),
        *("logprobs", "top_logprobs", "n_probs"),
        *("model", "user", "stream", "stream_options"),
    }
)
_NEEDS_THE_SERVER = ("tools", "response_format", "grammar", "json_schema")
_SEEDS = 2**32

Listed = Mapping[str, Any]
"""An alternative as llama.cpp lists it: id, token, bytes, logprob."""


class Refused(Exception):
    """A model server refused; its own answer is to be passed on."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.body))
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Step:
    """One token of an answer and the list of alternatives it is shown with."""

    token: int
    ends: bool
    logprob: float
    alternatives: Sequence[Listed]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Tokens a server drew, and why it stopped: `eos`, `word` or `limit`; their text after any stop word."""

    tokens: tuple[int, ...]
    stopped: str
    text: str
    entries: Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class Written:
    """What has been written of an answer."""

    steps: list[Step] = field(default_factory=list)
    data: bytes = b""
    """The text so far in UTF-8; may end inside a character."""
    stopped: bool = False

    @property
    def text(self) -> str:
        """The text so far, without half a character at its end."""
        return self.data.decode(errors="ignore")


def can_step(request: Request) -> bool:
    """Whether stepping does what the server would; if not, the request is to be passed on whole."""
    count = request.body.get("n", 1)
    return count in (1, None) and not any(request.body.get(name) for name in _NEEDS_THE_SERVER)


def length(request: Request) -> int:
    """How many tokens the answer may have; llama.cpp gives at least one.

    Raises:
        Refused: the limit is no number.
    """
    for name in ("max_completion_tokens", "max_tokens"):
        asked = request.body.get(name)
        if asked is not None:
            if isinstance(asked, bool) or not isinstance(asked, int):
                raise Refused(refusal(400, f"{name} must be a whole number", name))
            return LONGEST if asked < 0 else max(1, asked)
    return LONGEST


def stop_words(request: Request) -> list[str]:
    """The texts that end an answer."""
    said = request.body.get("stop")
    words = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return [word for word in words if isinstance(word, str) and word]


def seed_of(request: Request, step: int, stream: int) -> dict[str, int]:
    """The seed of one draw, as parameters: none where the request has none. Streams are independent."""
    seed = request.body.get("seed")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        return {}
    return {"seed": (seed + (2 * step + stream) * 0x9E3779B1) % (_SEEDS - 1)}


async def tokens_of(upstream: Upstream, request: Request) -> list[int]:
    """The context as the model sees it: the template applied, in tokens.

    Raises:
        Refused: the server finds fault with the messages.
    """
    prompt = request.body.get("prompt")
    if request.path == CHAT:
        prompt = (await told(upstream, "/apply-template", request.body))["prompt"]
    if isinstance(prompt, list) and prompt and all(type(token) is int for token in prompt):
        return list(prompt)
    if not isinstance(prompt, str):
        raise Refused(refusal(400, "prompt must be a text or a list of token ids", "prompt"))
    asked = {"content": prompt, "parse_special": True, "add_special": True}
    return list((await told(upstream, "/tokenize", asked))["tokens"])


async def draw(
    upstream: Upstream, tokens: Sequence[int], request: Request, count: int = 1, **more: Any
) -> Drawn:
    """Tokens drawn as the request asks, from the server's weights, each with `LISTED` alternatives or more.

    Raises:
        Refused: the server finds fault with the parameters.
    """
    sampling = {name: value for name, value in request.body.items() if name not in _NOT_SAMPLING}
    asked = {**sampling, "prompt": tokens, "n_predict": count, "return_tokens": True, **more}
    said = await told(upstream, "/completion", asked)
    entries = said.get("completion_probabilities", [])
    return Drawn(tuple(said["tokens"]), said["stop_type"], said["content"], entries)


async def alternatives(
    upstream: Upstream, tokens: Sequence[int], count: int, drawn: Drawn | None = None
) -> Sequence[Listed]:
    """The server's `count` likeliest next tokens, most likely first.

    llama.cpp gives no list where it draws half a character: it is then asked to draw plain text. `drawn` may
    hold the list already.
    """
    if drawn is None or not drawn.entries:
        asked = {"prompt": tokens, "n_predict": 1, "n_probs": count, "temperature": 0}
        said = await told(upstream, "/completion", asked)
        if not said.get("completion_probabilities"):
            said = await told(upstream, "/completion", asked | {"grammar": ASCII})
        entries = said["completion_probabilities"]
    else:
        entries = drawn.entries
    listed: Sequence[Listed] = entries[0]["top_logprobs"]
    return listed


async def logprob_of(
    upstream: Upstream, tokens: Sequence[int], token: int, listed: Sequence[Listed], vocabulary: Vocabulary
) -> float:
    """The log-probability of a token: from the list if it is there, else from ever longer ones."""
    for count in (MORE, len(vocabulary.names)):
        for row in listed:
            if row["id"] == token:
                return float(row["logprob"])
        listed = await alternatives(upstream, tokens, count)
    for row in listed:
        if row["id"] == token:
            return float(row["logprob"])
    raise Refused(refusal(502, f"the model server does not list token {token}"))


async def told(upstream: Upstream, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the server answers.

    Raises:
        Refused: it does not answer with what was asked.
    """
    answer = await upstream.ask(path, body)
    if not answer.ok:
        raise Refused(answer)
    return answer.body


def add(written: Written, step: Step, vocabulary: Vocabulary, words: Sequence[str]) -> None:
    """Write one token more; a stop word ends the text before it."""
    written.steps.append(step)
    if step.ends:
        written.stopped = True
        return
    written.data += vocabulary.text(step.token)
    found = [at for at in (written.data.find(word.encode()) for word in words) if at >= 0]
    if found:
        written.data = written.data[: min(found)]
        written.stopped = True


def put_together(
    request: Request, model: str, context: int, written: Written, vocabulary: Vocabulary
) -> Answer:
    """The answer in llama.cpp's shape; `context` is the number of tokens of the prompt."""
    choice: dict[str, Any] = {"finish_reason": "stop" if written.stopped else "length", "index": 0}
    if request.path == CHAT:
        choice["message"] = {"role": "assistant", "content": request.prefix + written.text}
    else:
        choice["text"] = written.text
    if request.path != CHAT:
        choice["logprobs"] = None
    entries = entries_of(written, vocabulary, request.alternatives or 0)
    if entries and request.alternatives is not None:
        choice["logprobs"] = {"content": entries}
    usage = {
        "completion_tokens": len(written.steps),
        "prompt_tokens": context,
        "total_tokens": context + len(written.steps),
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    return Answer(
        200,
        {
            "choices": [choice],
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": "b0-unknown",
            "object": "chat.completion" if request.path == CHAT else "text_completion",
            "usage": usage,
            "id": f"chatcmpl-{secrets.token_urlsafe(24)}",
        },
    )


def entries_of(written: Written, vocabulary: Vocabulary, count: int) -> list[dict[str, Any]]:
    """The log-probability entries of what was written, each with `count` alternatives."""
    entries: list[dict[str, Any]] = []
    pending = b""
    shown = 0
    for step in written.steps:
        pending += b"" if step.ends else vocabulary.text(step.token)
        try:
            text = pending.decode()
        except UnicodeDecodeError:
            continue
        shown += len(pending)
        if shown > len(written.data):  # belongs to a stop word
            break
        entry = {"id": step.token, "token": text, "bytes": list(pending), "logprob": step.logprob}
        entries.append({**entry, "top_logprobs": list(step.alternatives[:count])})
        pending = b""
    return entries
