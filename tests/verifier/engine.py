"""The made-up model of `synthetic.py` behind an engine that obeys every parameter, and disobeys on request.

For the checks of behaviour, which know no network. Real engines with real faults are the lab's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.verifier.small_world import session
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.model import Baseline
from verifier.checks.base import Answer, ErrorShape, Fault, Finding, Observation, Probe, Status, Streamed
from verifier.checks.registry import Check
from verifier.checks.session import Capabilities, Session

REPEATED = "yes "


@dataclass(eq=False)
class Behaving(Synthetic):
    """`ignores` names parameters that are accepted without effect, `refuses` those that are refused.

    `always` is put in the place of what is asked. `invents` tokens of usage are added to those generated.
    """

    ignores: frozenset[str] = frozenset()
    always: Mapping[str, Any] | None = None
    invents: int = 0
    prose: bool = False
    done: bool = True
    tells_usage: bool = True
    pieces: int | None = None
    streams_other: bool = False
    stream_fault: Fault | None = None
    finish: bool = True
    bad_requests: str = "refused"
    shape: ErrorShape = ErrorShape.OPENAI

    def ask(self, probe: Probe) -> Observation:
        body = {name: value for name, value in probe.body.items() if name not in self.ignores}
        if is_bad(probe.body):
            self.asked.append(probe)
            return self._told(probe)
        if self.refuses & body.keys():
            self.asked.append(probe)
            return self._failed(probe, Fault.REJECTED)
        if body.get("stream") and self.stream_fault is not None:
            self.asked.append(probe)
            return self._failed(probe, self.stream_fault)
        body.setdefault("max_tokens", 40)
        if body.get("top_p", 1.0) < 0.01:
            body["temperature"] = 0.0
        refuses, self.refuses = self.refuses, frozenset()
        seen = super().ask(replace(probe, body=self._rendered(body | dict(self.always or {}))))
        self.asked[-1], self.refuses = probe, refuses
        return seen if seen.answer is None else replace(seen, answer=self._as_asked(seen.answer, body))

    def _rendered(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Penalties lead to another text; without a seed every draw is its own."""
        penalised = str([body.get("presence_penalty"), body.get("frequency_penalty")])
        last = body["messages"][-1]
        content = last["content"] + ("" if penalised == "[None, None]" else f" {penalised}")
        drawn = {} if "seed" in body else {"seed": len(self.asked)}
        return {**body, **drawn, "messages": [*body["messages"][:-1], {**last, "content": content}]}

    def _as_asked(self, answer: Answer, body: Mapping[str, Any]) -> Answer:
        content = body["messages"][-1]["content"]
        if "logit_bias" in body:
            answer = replace(answer, text="()" * int(body["max_tokens"]))
        if "fifty times" in content and "frequency_penalty" not in body:
            answer = replace(answer, text=REPEATED * int(body["max_tokens"]))
        if "response_format" in body and not self.prose:
            answer = replace(answer, text=json.dumps(instance(body["response_format"])), finish_reason="stop")
        for word in body.get("stop", ()):
            answer = replace(answer, text=answer.text.partition(word)[0], finish_reason="stop")
        if body.get("n", 1) > 1:
            answer = replace(answer, others=("another",) * (body["n"] - 1))
        if self.invents and answer.completion_tokens is not None:
            answer = replace(answer, completion_tokens=answer.completion_tokens + self.invents)
        return self._streamed(answer, body) if body.get("stream") else answer

    def _streamed(self, answer: Answer, body: Mapping[str, Any]) -> Answer:
        usage = self.tells_usage and bool(body.get("stream_options"))
        pieces = answer.completion_tokens or 1 if self.pieces is None else self.pieces
        return replace(
            answer,
            text=f"Besides, {answer.text}" if self.streams_other else answer.text,
            finish_reason=answer.finish_reason if self.finish else None,
            completion_tokens=answer.completion_tokens if usage else None,
            streamed=Streamed(pieces + 2, pieces, self.done, usage, 0.1, 0.2),
        )

    def _told(self, probe: Probe) -> Observation:
        """What becomes of a bad request."""
        if self.bad_requests == "answered":
            return Observation(probe.key, Status.OK, Answer("Hello."), http_status=200)
        status, fault = {
            "refused": (400, Fault.REJECTED),
            "error in a 200": (200, Fault.SERVER_ERROR),
            "server error": (500, Fault.SERVER_ERROR),
            "malformed": (200, Fault.MALFORMED),
            "silence": (None, Fault.TIMEOUT),
        }[self.bad_requests]
        shape = self.shape if fault in (Fault.REJECTED, Fault.SERVER_ERROR) else None
        return Observation(
            probe.key, fault.status, fault=fault, detail="no", http_status=status, error_shape=shape
        )


def is_bad(body: Mapping[str, Any]) -> bool:
    """Whether no server can answer this rightly."""
    numbers = [body.get(name, 1) for name in ("temperature", "max_tokens", "top_p")]
    messages = body.get("messages")
    if not isinstance(messages, list) or any(isinstance(one, str) for one in numbers):
        return True
    return not all(isinstance(message["content"], str) for message in messages)


def instance(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Some JSON in this format."""
    if wanted["type"] == "json_object":
        return {"colour": "red"}
    properties = wanted["json_schema"]["schema"]["properties"]
    return {name: one["enum"][0] if "enum" in one else True for name, one in properties.items()}


def asking(known: Baseline | None = None, *, k: int = 5, **settings: Any) -> Session:
    """A session that knows what the endpoint offers."""
    found = session(known, **settings)
    found.capabilities = Capabilities(True, k, None, "made up")
    return found


def behaved(
    check: Check, endpoint: Synthetic, known: Baseline | None = None, *, k: int = 5, seed: int = 0
) -> Finding:
    """The finding of one check about one endpoint."""
    return converse(check.run(asking(known, k=k, seed=seed)), endpoint)
