"""A made-up language model in memory: a test double for the PURE code, which knows no network.

Checks, recordings and results are dialogues: probes out, observations in. `Synthetic.ask` answers a probe
at once, so that a whole run takes milliseconds. Its next-token distributions are drawn from a hash of the
text so far over a vocabulary of some sixty tokens (words, punctuation, characters of several bytes and
halves of such), and it misbehaves on request in the ways in which real endpoints do. It renders a chat as
`TEMPLATE` does, so that the same prompt as raw text (`/completions`) is the same context. What it says over
HTTP is in `synthetic_server.py`; real weights are the lab's.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import numpy as np

from verifier.baseline.model import PrefixStyle
from verifier.checks.base import Answer, Ask, Fault, Observation, Position, Probe, Status, Token

T = TypeVar("T")

END = b"<|end|>"
HALF = b"\xf0\x9f\x98"
SYLLABLES = [a + b for a in "stmlrkpn" for b in "aeiou"]
WORDS = tuple(f" {a}{b}".encode() for a, b in zip(SYLLABLES[:34], reversed(SYLLABLES[:34]), strict=True))
OPENERS = tuple(f"{a.title()}{b}".encode() for a, b in zip(SYLLABLES[:14], SYLLABLES[14:28], strict=True))
HALVES = tuple(bytes([0x80 + i]) for i in range(4))
SIGNS = (b".", b",", b"\n", " né".encode(), "日本".encode(), " ж".encode())
VOCABULARY = (*OPENERS, *WORDS, *SIGNS, HALF, *HALVES, END)
OTHER_VOCABULARY = (
    *(b"X" + token for token in OPENERS),
    *(b"\tq" + token.strip() for token in WORDS),
    *(b"#" + token for token in (*SIGNS, HALF, *HALVES, END)),
)
HIDDEN_PROMPT = "\nhidden"
SYSTEM_PROMPT_TOKENS = 13
"""All that a hidden prompt adds, that one word among it."""
UNBOUNDED = 64
"""Tokens of an answer whose request bounds it not."""
DRAFT_NOISE = 1.0
"""Nats by which a draft model's logits stray from those of the weights it drafts for."""
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] }}"
    "{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}"
)
"""The official chat template."""
Logprobs = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(eq=False)
class Synthetic:
    """One deployment. Two with the same fields answer alike; `asked` keeps the probes it was sent.

    `noise` is the standard deviation, in nats, of what is added to every logit; `stack` names its draw.
    `lists_from` leaves tokens of less probability out of the lists. Beside a `hidden_prompt` there is an
    `other_template` (as many tokens, other text) and a `window` (words of a prompt's end that it reads).
    """

    noise: float = 0.0
    stack: str = ""
    other_vocabulary: bool = False
    hidden_prompt: bool = False
    other_template: bool = False
    window: int | None = None
    # Whom its noise reaches: a share of the requests, and none of the prompts that it knows
    affected: float = 1.0
    knows: frozenset[str] = frozenset()
    # How it chooses tokens: by noisier weights than its lists, or otherwise than asked
    text_noise: float = 0.0
    temperature: float | None = None
    keeps_top: int | None = None
    accepts_from: float | None = None
    # What it lets us see
    logprobs: bool = True
    lists_at_most: int = 100
    lists_from: float = 0.0
    refuses_above: int = 100
    refuses: frozenset[str] = frozenset()
    after_temperature: bool = False
    omits_entries: bool = True
    repeats_tokens: bool = False
    usage: bool = True
    # How it continues a pinned answer, and how it writes
    continues: PrefixStyle | None = PrefixStyle.PLAIN
    echoes: bool = True
    trims: bool = False
    extra_tokens: int = 0
    silent: bool = False
    # How it fails
    fails: float = 0.0
    fault: Fault = Fault.SERVER_ERROR
    dies_after: int | None = None
    asked: list[Probe] = field(default_factory=list)

    def ask(self, probe: Probe) -> Observation:
        """One observation, as the client would give it."""
        self.asked.append(probe)
        if self.dies_after is not None and len(self.asked) > self.dies_after:
            return self._failed(probe, Fault.UNREACHABLE)
        if self.fails and _hash("fails", self.stack, probe.key)[0] / 256 < self.fails:
            return self._failed(probe, self.fault)
        if _malformed(probe.body):
            return self._failed(probe, Fault.REJECTED)
        if probe.body.get("top_logprobs", 0) > self.refuses_above or self.refuses & probe.body.keys():
            return self._failed(probe, Fault.REJECTED)
        answer = self.complete(probe.body)
        return Observation(probe.key, Status.OK, answer, http_status=200)

    def complete(self, body: Mapping[str, Any]) -> Answer:
        """The answer to a chat request, or to raw text."""
        prompt, prefix = self._pinned(body)
        temperature = float(body.get("temperature", 1.0))
        k = int(body.get("top_logprobs") or body.get("logprobs") or 0)
        noise = self.noise if self._reached(prompt, prefix) else 0.0
        wanted = int(body.get("max_tokens", UNBOUNDED)) + self.extra_tokens
        written, positions, count, pending, stop = prefix.encode(), list[Position](), 0, b"", False
        while count < wanted and not stop:
            logprobs = self.next_token(prompt, written, noise)
            token = self._next(logprobs, temperature, prompt, written, str(body.get("seed")))
            count += 1
            stop = token == self.vocabulary[-1]
            listed = self._listed(logprobs, token, temperature, k)
            entry = Position(token, float(logprobs[self.vocabulary.index(token)]), listed)
            written += b"" if stop else token
            if self.omits_entries and (stop or _is_half(written)):
                pending += b"" if stop else token
            else:
                positions.append(Position(pending + token, entry.logprob, listed))
                pending = b""
        if _is_half(written) and self.omits_entries:
            written = written.removesuffix(HALF)
        text = written.decode(errors="replace").removeprefix(prefix)
        text = prefix * self.echoes + (text.strip() if self.trims else text)
        return Answer(
            text="" if self.silent else text,
            positions=tuple(positions) if self.logprobs and body.get("logprobs") else None,
            finish_reason="stop" if stop else "length",
            prompt_tokens=self.prompt_tokens(prompt) if self.usage else None,
            completion_tokens=count if self.usage else None,
            model="synthetic",
        )

    @property
    def vocabulary(self) -> tuple[bytes, ...]:
        return OTHER_VOCABULARY if self.other_vocabulary else VOCABULARY

    def prompt_tokens(self, prompt: str) -> int:
        hidden = prompt.endswith(HIDDEN_PROMPT)
        return len(prompt.split()) + (SYSTEM_PROMPT_TOKENS - 1) * hidden

    def next_token(self, prompt: str, written: bytes, noise: float | None = None) -> Logprobs:
        """Natural-log probabilities over the vocabulary after the rendered `prompt` and the answer so far."""
        return _astray(prompt, written, self.noise if noise is None else noise, self.stack)

    def _reached(self, prompt: str, prefix: str) -> bool:
        """Whether this request goes to the weights that `noise` is added to."""
        if any(known in prompt for known in self.knows):
            return False
        return self.affected >= 1 or _hash("route", self.stack, prompt, prefix)[0] / 256 < self.affected

    def _pinned(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """The prompt as it is rendered, and the beginning of the answer if this one is continued."""
        if "prompt" in body:
            return self._read(body["prompt"]), ""
        messages = body["messages"]
        last = messages[-1]
        flags = {
            PrefixStyle.PLAIN: True,
            PrefixStyle.PREFIX: bool(last.get("prefix")),
            PrefixStyle.PARTIAL: bool(last.get("partial")),
            PrefixStyle.CONTINUE: bool(body.get("continue_final_message")),
        }
        continued = last["role"] == "assistant" and self.continues is not None and flags[self.continues]
        turns = messages[:-1] if continued else messages
        shape = "[{role}] {content}" if self.other_template else "{role}: {content}"
        prompt = "\n".join(shape.format(**turn) for turn in turns)
        return self._read(prompt + HIDDEN_PROMPT * self.hidden_prompt), last["content"] if continued else ""

    def _read(self, prompt: str) -> str:
        """What is left of the prompt when only so many of its last words are read."""
        words = prompt.split(" ")
        return prompt if self.window is None or len(words) <= self.window else " ".join(words[-self.window :])

    def _next(self, logprobs: Logprobs, temperature: float, prompt: str, written: bytes, seed: str) -> bytes:
        """The token that is written, whatever the lists say."""
        place = (prompt, written.hex(), seed)
        if self.accepts_from is not None:
            draft = _astray(prompt, written, DRAFT_NOISE, "draft")
            token = self._choose(draft, temperature, "draft", *place)
            if logprobs[self.vocabulary.index(token)] >= math.log(self.accepts_from):
                return token
        if self.text_noise:
            logprobs = _astray(prompt, written, self.text_noise, "text")
        return self._choose(logprobs, temperature, *place)

    def _choose(self, logprobs: Logprobs, temperature: float, *place: str) -> bytes:
        if temperature == 0:
            return self.vocabulary[int(np.argmax(logprobs))]
        scaled = np.exp(logprobs / (self.temperature or temperature))
        if self.keeps_top is not None:
            scaled[np.argsort(-scaled, kind="stable")[self.keeps_top :]] = 0.0
        draw = _generator("sample", self.stack, *place)
        return self.vocabulary[int(draw.choice(len(scaled), p=scaled / scaled.sum()))]

    def _listed(self, logprobs: Logprobs, token: bytes, temperature: float, k: int) -> tuple[Token, ...]:
        if not k:
            return ()
        if self.after_temperature and temperature == 0:
            return (Token(token, 0.0),)
        order = np.argsort(-logprobs, kind="stable")[: min(k, self.lists_at_most)]
        tokens = [Token(self.vocabulary[int(i)], float(logprobs[i])) for i in order]
        if self.lists_from:
            tokens = [item for item in tokens if item.logprob >= math.log(self.lists_from)]
        if token not in {item.token for item in tokens}:
            tokens.append(Token(token, float(logprobs[self.vocabulary.index(token)])))
        if self.repeats_tokens:
            # Another id with the bytes of the likeliest token, far down the list.
            tokens.append(Token(tokens[0].token, tokens[-1].logprob - 1.0))
        return tuple(tokens)

    def _failed(self, probe: Probe, fault: Fault) -> Observation:
        return Observation(probe.key, fault.status, fault=fault, detail=f"The toy says {fault}.")


def _malformed(body: Mapping[str, Any]) -> bool:
    """Whether no server takes this request."""
    messages, temperature, most = (body.get(key) for key in ("messages", "temperature", "max_tokens"))
    return (
        ("prompt" not in body and (not isinstance(messages, list) or not messages))
        or not isinstance(temperature, int | float | None)
        or not isinstance(most, int | None)
        or (most is not None and most < 1)
    )


def converse(dialogue: Generator[Ask, Sequence[Observation], T], endpoint: Synthetic) -> T:
    """What `dialogue` returns when `endpoint` answers every probe."""
    answers: list[Observation] | None = None
    while True:
        try:
            step = next(dialogue) if answers is None else dialogue.send(answers)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        answers = [endpoint.ask(probe) for probe in step.probes]


def _astray(prompt: str, written: bytes, noise: float, stack: str) -> Logprobs:
    """The log-probabilities of weights that stray by `noise` nats from the official ones."""
    logits = _weights(prompt, written)
    if noise:
        stray = _generator("noise", stack, prompt, written.hex())
        logits = logits + noise * stray.standard_normal(len(VOCABULARY))
    shifted = logits - logits.max()
    logprobs: Logprobs = shifted - np.log(np.exp(shifted).sum())
    return logprobs


@cache
def _weights(prompt: str, written: bytes) -> Logprobs:
    """The official logits: certain, hesitating between two, or flat, by a hash of the text so far."""
    draw = _generator("weights", prompt, written.hex())
    logits = draw.normal(0.0, 0.8, len(VOCABULARY))
    place = {token: i for i, token in enumerate(VOCABULARY)}
    if _is_half(written):
        logits[[place[half] for half in HALVES]] += 12
        return logits
    openings = [place[token] for token in OPENERS]
    others = [place[token] for token in (*WORDS, *SIGNS, HALF)]
    likely, unlikely = (others, openings) if written else (openings, others)
    logits[unlikely] -= 6
    logits[[place[half] for half in HALVES]] -= 14
    logits[place[b"\n"]] -= 4
    logits[place[HALF]] += 3 if draw.random() < 0.15 else -4
    logits[place[END]] += 7 if len(written) > 40 and draw.random() < 0.3 else -4
    first, second = (likely[int(i)] for i in draw.choice(len(likely) - 1, 2, replace=False))
    kind = draw.random()
    if kind < 0.3:
        logits[first] += 11
    elif kind < 0.75:
        logits[first] = 4.0
        logits[second] = 4.0 - draw.uniform(0.02, 0.7)
    logits.flags.writeable = False
    return logits


def _is_half(written: bytes) -> bool:
    return written.endswith(HALF)


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _generator(*parts: str) -> np.random.Generator:
    return np.random.default_rng(np.frombuffer(_hash(*parts), dtype=np.uint32))
