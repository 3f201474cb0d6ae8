"""Requests for pinned contexts, and what their answers say of the next token."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verifier.baseline.model import Context, PrefixProbe, PrefixStyle
from verifier.checks.base import Answer, Observation, Probe, Purpose, Token
from verifier.suites import Prompt

REPLACEMENT = "\ufffd".encode()
SEEDS = 2**31
"""Seeds of a draw lie below this: some engines keep them in 32 bits."""
GREEDY = {"temperature": 0.0}
LIKELY = math.log(0.05)
UNNAMED = 0.001
"""Most probability of a list on tokens that the server could not name."""
NEARLY_ALL = 0.99
"""Probability that a shorter list must hold to count as whole."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """A request for one draw from the model itself. `seed` is that of this one request (`draw_seed`).

    `whole` also asks for no cut of the tail in the words that are not OpenAI's (`top_k`, `min_p`): engines
    have defaults of their own for these, and some endpoints refuse them.
    """

    seed: int
    whole: bool

    def body(self) -> dict[str, Any]:
        """The parameters of the request."""
        body: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0, "seed": self.seed}
        return body | {"top_k": 0, "min_p": 0.0} if self.whole else body


def draw_seed(run_seed: int, place: str) -> int:
    """The seed of the draw at one place of a run.

    Engines draw a request's first token with the first number of its seed: with one seed for all, every
    token of a run would be drawn at the same quantile, and honest sampling would look like an override.
    """
    return int.from_bytes(hashlib.sha256(f"{run_seed}/{place}".encode()).digest()[:8]) % SEEDS


def chat_body(
    messages: Sequence[Mapping[str, str]],
    *,
    prefix: str = "",
    style: PrefixStyle | None = None,
    max_tokens: int = 1,
    top_logprobs: int | None = None,
    sampling: Sampling | None = None,
    tools: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The body of a chat request; with `prefix` the answer's beginning is pinned in the given `style`.

    Greedy unless `sampling` says how the answer is drawn.
    """
    body: dict[str, Any] = {
        "messages": [dict(message) for message in messages],
        "max_tokens": max_tokens,
        **(GREEDY if sampling is None else sampling.body()),
    }
    if prefix:
        last: dict[str, Any] = {"role": "assistant", "content": prefix}
        if style is PrefixStyle.PREFIX:
            last["prefix"] = True
        elif style is PrefixStyle.PARTIAL:
            last["partial"] = True
        elif style is PrefixStyle.CONTINUE:
            body |= {"continue_final_message": True, "add_generation_prompt": False}
        body["messages"].append(last)
    if top_logprobs:
        body |= {"logprobs": True, "top_logprobs": top_logprobs}
    if tools:
        body["tools"] = [dict(tool) for tool in tools]
    return body


def context_probe(
    context: Context,
    prompt: Prompt,
    style: PrefixStyle | None,
    top_logprobs: int | None,
    purpose: Purpose,
    sampling: Sampling | None = None,
) -> Probe:
    """One token at a pinned context, under the context's id as its key."""
    body = chat_body(
        prompt.messages,
        prefix=context.prefix,
        style=style,
        top_logprobs=top_logprobs,
        sampling=sampling,
        tools=prompt.tools,
    )
    return Probe(context.id, "chat/completions", body, purpose)


def raw_body(text: str, logprobs: int | None) -> dict[str, Any]:
    """The body of a `/completions` request for one token after a text that we rendered ourselves."""
    body: dict[str, Any] = {"prompt": text, "max_tokens": 1, **GREEDY}
    if logprobs:
        body["logprobs"] = logprobs
    return body


def new_text(answer: Answer, prefix: str) -> str:
    """What the answer adds to `prefix`: some servers echo a continued prefix in the content."""
    return answer.text.removeprefix(prefix) if prefix else answer.text


def first_token_list(answer: Answer, prefix: str) -> tuple[Token, ...] | None:
    """The next-token list of a one-token answer, falling; None where it cannot be aligned.

    A server may leave out the entry of an end-of-text token or of half a character; then the first
    entry belongs to a later token. The entry counts only if it spells the text that was added, but for
    white space at its ends, which some servers trim.
    """
    if not answer.positions or not is_named(answer.positions[0].top):
        return None
    text = new_text(answer, prefix).encode().strip()
    spelled = b"".join(position.token for position in answer.positions).strip()
    if text and not spelled.startswith(text) and not text.startswith(spelled):
        return None
    counted = answer.completion_tokens
    if counted is not None and counted != len(answer.positions):
        return None
    return tuple(sorted(answer.positions[0].top, key=lambda item: (-item.logprob, item.token)))


def is_named(top: Sequence[Token]) -> bool:
    """Whether there is a list, and its tokens can be told apart.

    Servers that name tokens by decoded text write one replacement character for every half of a
    character; where those carry weight, an honest list would look like another one.
    """
    unnamed = math.fsum(math.exp(item.logprob) for item in top if REPLACEMENT in item.token)
    return bool(top) and unnamed <= UNNAMED


def is_whole(top: Sequence[Token], length: int) -> bool:
    """Whether a list has `length` tokens, or leaves out next to nothing: some servers do not list the
    impossible, and places where a model is certain must not be the ones set aside.
    """
    return len(top) >= length or math.fsum(math.exp(item.logprob) for item in top) >= NEARLY_ALL


def continues(probe: PrefixProbe, observation: Observation) -> bool:
    """Whether the answer goes on where the prefix ended, as the reference is certain to.

    Weights may be too damaged to choose the expected token: where the endpoint lists alternatives, it is
    enough that the token is likely among them. An answer begun anew would hardly begin in mid-sentence.
    """
    answer = observation.answer
    if answer is None:
        return False
    expected = probe.expected.strip()
    if new_text(answer, probe.prefix).strip().encode() == expected:
        return True
    listed = answer.positions[0].top if answer.positions else ()
    return any(item.token.strip() == expected and item.logprob >= LIKELY for item in listed)
