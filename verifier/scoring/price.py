"""What a run will cost, told before it begins: its checks are rehearsed with nobody at the other end.

Every check asks what it would ask, and is answered as the reference answered when the baseline was recorded
(an honest deployment's lists where there are any), so that the run goes the way of a faithful endpoint. What
is unknown is counted at its most: an answer of other prompts is as long as the request allows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from verifier.baseline.model import Baseline, Role
from verifier.checks.base import Answer, Dialogue, Observation, Position, Probe, Status, Token
from verifier.checks.registry import Check, discover
from verifier.checks.session import Session, Settings
from verifier.suites import Suite

CHARACTERS = 4
"""Characters a token is taken to hold where nobody has counted; more than this would cost less."""
AROUND = 8
"""Tokens a chat template puts around a message."""
UNBOUNDED = 512
"""Completion tokens a request without a bound is taken to cost."""
MILLION = 1_000_000
UNLISTED = b"~"
"""Stands for a token that no list holds."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """US dollars per million prompt and completion tokens."""

    price_in: float
    price_out: float

    def __post_init__(self) -> None:
        for name, price in (("input", self.price_in), ("output", self.price_out)):
            if not 0 <= price < math.inf:
                raise ValueError(f"the {name} price is in US dollars per million tokens, not {price}")

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars."""
        return (prompt_tokens * self.price_in + completion_tokens * self.price_out) / MILLION


@dataclass(frozen=True, slots=True)
class Share:
    """What one check adds to a run; completion tokens are the most that its requests allow."""

    check: str
    title: str
    requests: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Price:
    """What a run is expected to cost. Checks that read the answers of others have no share."""

    shares: tuple[Share, ...]

    @property
    def requests(self) -> int:
        """Requests of the whole run."""
        return sum(share.requests for share in self.shares)

    @property
    def prompt_tokens(self) -> int:
        """Prompt tokens of the whole run."""
        return sum(share.prompt_tokens for share in self.shares)

    @property
    def completion_tokens(self) -> int:
        """The most completion tokens of the whole run."""
        return sum(share.completion_tokens for share in self.shares)


def expected_price(baseline: Baseline, suite: Suite, settings: Settings) -> Price:
    """The price of a run with these settings against a faithful endpoint, within its budget."""
    session = Session(suite, baseline, replace(settings, live_reference=False))
    reference = _Reference(baseline, suite)
    shares = []
    for check, _ in discover():
        if not check.behaviour or session.plan.has(check.name):
            shares.append(_rehearse(check, session, reference))
    return Price(tuple(share for share in shares if share.requests))


def _rehearse(check: Check, session: Session, reference: _Reference) -> Share:
    before = set(session.observations)
    dialogue: Dialogue = check.run(session)
    answers: Sequence[Observation] | None = None
    while True:
        try:
            step = next(dialogue) if answers is None else dialogue.send(answers)
        except StopIteration:
            break
        answers = [reference.ask(probe) for probe in step.probes]
    fresh = [probe for key, probe in session.probes.items() if key not in before]
    answered = [session.observations[probe.key].answer for probe in fresh]
    return Share(
        check.name,
        check.title,
        len(fresh),
        sum(answer.prompt_tokens or 0 for answer in answered if answer),
        sum(most_tokens(probe.body) for probe in fresh),
    )


def most_tokens(body: Mapping[str, Any]) -> int:
    """The completion tokens that a request allows, over all of its choices."""
    allowed = body.get("max_completion_tokens", body.get("max_tokens", UNBOUNDED))
    choices = body.get("n", 1)
    return (allowed if isinstance(allowed, int) else UNBOUNDED) * (choices if isinstance(choices, int) else 1)


class _Reference:
    """Answers a request as the baseline knows it, else with filling of the longest length."""

    def __init__(self, baseline: Baseline, suite: Suite) -> None:
        prompts = {_text(prompt.messages, prompt.tools): prompt.id for prompt in suite.prompts}
        self._prompts = {text: key for text, key in prompts.items() if key in baseline.by_prompt}
        self._counts = baseline.prompt_tokens
        honest = baseline.of_role(Role.HONEST)
        others = honest[0].answers if honest else {}
        self._lists = {
            (context.prompt_id, context.prefix): others.get(context.id, context.top)
            for context in baseline.contexts
        }
        self._certain = {(p.prompt_id, p.prefix): (Token(p.expected, -0.01),) for p in baseline.prefix_probes}
        self._rng = np.random.default_rng(baseline.seed)

    def ask(self, probe: Probe) -> Observation:
        messages, prefix = _messages(probe.body), ""
        if messages and messages[-1].get("role") == "assistant":
            prefix, messages = str(messages[-1].get("content") or ""), messages[:-1]
        prompt = self._prompts.get(_text(messages, probe.body.get("tools", ())), "")
        listed = self._certain.get((prompt, prefix)) or self._lists.get((prompt, prefix))
        tokens = self._prompt_tokens(probe.body, prompt, prefix)
        most = most_tokens(probe.body)
        if listed is None:
            answer = Answer("so", None, "length", tokens, most)
        else:
            greedy = probe.body.get("temperature") == 0
            chosen = [listed[0] if greedy else self._drawn(listed) for _ in range(most)]
            entries = tuple(Position(token.token, token.logprob, listed) for token in chosen)
            text = prefix + b"".join(token.token for token in chosen).decode(errors="replace")
            answer = Answer(text, entries if probe.body.get("logprobs") else None, "length", tokens, most)
        return Observation(probe.key, Status.OK, answer, http_status=200, elapsed=0.0)

    def _drawn(self, listed: Sequence[Token]) -> Token:
        """A token as the list says; one that it does not hold, as often as that happens."""
        shares = np.exp([item.logprob for item in listed])
        rest = max(0.0, 1.0 - float(shares.sum()))
        place = int(self._rng.choice(len(listed) + 1, p=np.append(shares, rest) / (shares.sum() + rest)))
        return listed[place] if place < len(listed) else Token(UNLISTED, listed[-1].logprob)

    def _prompt_tokens(self, body: Mapping[str, Any], prompt: str, prefix: str) -> int:
        if prompt in self._counts:
            return self._counts[prompt] + math.ceil(len(prefix) / CHARACTERS)
        asked = {key: body[key] for key in ("messages", "prompt", "tools", "response_format") if key in body}
        around = AROUND * len(_messages(body))
        return math.ceil(len(json.dumps(asked, ensure_ascii=False)) / CHARACTERS) + around


def _messages(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The messages of a request; none where it is malformed, as some are on purpose."""
    found = body.get("messages")
    return found if isinstance(found, list) and all(isinstance(one, Mapping) for one in found) else []


def _text(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> str:
    asked = [[dict(message) for message in messages], [dict(tool) for tool in tools]]
    return json.dumps(asked, ensure_ascii=False, sort_keys=True)
