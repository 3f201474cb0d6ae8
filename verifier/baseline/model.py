"""What the reference answered to a suite, and how far honest and degraded deployments stray from it.

A baseline is recorded once and reused by every run. It keeps the raw top-k lists, not numbers made from
them, so that the honest band and the ladder can be recomputed at any k and set of context types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from verifier.checks.base import Token, as_logprobs
from verifier.evidence.canonical import digest
from verifier.evidence.codec import tokens_from_json, tokens_to_json

FORMAT = 2

LONG = 400
"""Prompt tokens from which a prompt belongs to the long ones: they are judged by a band of their own."""


class ContextType(StrEnum):
    """How a context is pinned (METHOD.md section 1)."""

    FIRST_TOKEN = "first_token"
    CHAT_PREFIX = "chat_prefix"
    GREEDY = "greedy"
    """Inside an endpoint's own greedy answer, while it is the reference's."""
    SCORED = "scored"
    """Inside an endpoint's own answer, scored by a live reference."""


class PrefixStyle(StrEnum):
    """How an endpoint is asked to continue a trailing assistant message."""

    PLAIN = "plain"
    PREFIX = "prefix"
    PARTIAL = "partial"
    CONTINUE = "continue_final_message"


class Role(StrEnum):
    """What a calibration deployment is known to be."""

    HONEST = "honest"
    RUNG = "rung"
    VARIANT = "variant"
    """Known by its fingerprint only: not on the ladder."""


@dataclass(frozen=True, slots=True)
class Context:
    """One pinned context and the reference's next-token list there (natural logs, falling).

    `prefix` is the beginning of the answer that is pinned ("" for a first token).
    """

    id: str
    prompt_id: str
    type: ContextType
    prefix: str
    top: tuple[Token, ...]

    @property
    def logprobs(self) -> dict[bytes, float]:
        return as_logprobs(self.top)


@dataclass(frozen=True, slots=True)
class PrefixProbe:
    """A place where the reference is certain how its answer goes on: tells whether a prefix is continued."""

    prompt_id: str
    prefix: str
    expected: bytes


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployment of known truth, asked the same contexts: context id -> its next-token list.

    `cause` names what was done to it in the words of METHOD.md section 5 ("" for an honest one).
    """

    name: str
    label: str
    role: Role
    quantization: str | None
    answers: Mapping[str, tuple[Token, ...]]
    cause: str = ""


@dataclass(frozen=True)
class Baseline:
    """See the module. `prompt_tokens` is the reference's count for each prompt as a plain chat request.

    `raw` holds, for some prompts, the text that the official chat template makes of them, where the
    reference was seen to answer it through `/completions` as it answers the chat request.
    `hidden_sha256` names the hidden pool that some of the prompts are from. `behaviour` holds what the checks
    of behaviour asked the reference, by check.
    """

    model: str
    suite: str
    suite_sha256: str
    recorded_at: str
    k: int
    seed: int
    prefix_style: PrefixStyle | None
    prompt_tokens: Mapping[str, int]
    prefix_probes: tuple[PrefixProbe, ...]
    contexts: tuple[Context, ...]
    set_aside: Mapping[str, int] = field(default_factory=dict)
    stacks: tuple[Stack, ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)
    hidden_sha256: str | None = None
    behaviour: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def with_stack(self, stack: Stack) -> Baseline:
        """The same baseline with `stack` added, or put in the place of the one with its name."""
        others = tuple(known for known in self.stacks if known.name != stack.name)
        return replace(self, stacks=(*others, stack))

    def of_role(self, role: Role) -> tuple[Stack, ...]:
        return tuple(stack for stack in self.stacks if stack.role is role)

    @cached_property
    def by_prompt(self) -> Mapping[str, tuple[Context, ...]]:
        """Prompt id -> its contexts, in the baseline's order."""
        grouped: dict[str, list[Context]] = {}
        for context in self.contexts:
            grouped.setdefault(context.prompt_id, []).append(context)
        return {prompt: tuple(contexts) for prompt, contexts in grouped.items()}

    def is_long(self, prompt_id: str) -> bool:
        """Whether the prompt has so many tokens that only an uncut context answers it rightly."""
        return self.prompt_tokens.get(prompt_id, 0) >= LONG

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What was computed from this baseline alone, kept for the next run that needs it."""
        return {}

    @cached_property
    def id(self) -> str:
        """`sha256:…` of the canonical JSON: names this very baseline in a result."""
        return digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        behaviour = {"behaviour": dict(self.behaviour)} if self.behaviour else {}
        return {
            "assay_baseline": FORMAT,
            "model": self.model,
            "suite": self.suite,
            "suite_sha256": self.suite_sha256,
            "recorded_at": self.recorded_at,
            "k": self.k,
            "seed": self.seed,
            "prefix_style": self.prefix_style,
            "prompt_tokens": dict(self.prompt_tokens),
            "prefix_probes": [[p.prompt_id, p.prefix, p.expected.hex()] for p in self.prefix_probes],
            "contexts": [
                {
                    "id": context.id,
                    "prompt_id": context.prompt_id,
                    "type": context.type,
                    "prefix": context.prefix,
                    "top": tokens_to_json(context.top),
                }
                for context in self.contexts
            ],
            "set_aside": dict(self.set_aside),
            "raw": dict(self.raw),
            "hidden_sha256": self.hidden_sha256,
            "stacks": [
                {
                    "name": stack.name,
                    "label": stack.label,
                    "role": stack.role,
                    "quantization": stack.quantization,
                    "cause": stack.cause,
                    "answers": {key: tokens_to_json(top) for key, top in stack.answers.items()},
                }
                for stack in self.stacks
            ],
            **behaviour,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Baseline:
        """Raises ValueError with a plain sentence when `record` is not a baseline this version reads."""
        if record.get("assay_baseline") != FORMAT:
            raise ValueError(
                f"this is not a baseline of format {FORMAT} (its assay_baseline is "
                f"{record.get('assay_baseline')!r}); record one with `assay record`"
            )
        try:
            baseline = cls(
                model=record["model"],
                suite=record["suite"],
                suite_sha256=record["suite_sha256"],
                recorded_at=record["recorded_at"],
                k=int(record["k"]),
                seed=int(record["seed"]),
                prefix_style=PrefixStyle(record["prefix_style"]) if record["prefix_style"] else None,
                prompt_tokens={key: int(count) for key, count in record["prompt_tokens"].items()},
                prefix_probes=tuple(
                    PrefixProbe(prompt, prefix, bytes.fromhex(expected))
                    for prompt, prefix, expected in record["prefix_probes"]
                ),
                contexts=tuple(
                    Context(
                        item["id"],
                        item["prompt_id"],
                        ContextType(item["type"]),
                        item["prefix"],
                        _list(item["top"]),
                    )
                    for item in record["contexts"]
                ),
                set_aside=record["set_aside"],
                stacks=tuple(
                    Stack(
                        item["name"],
                        item["label"],
                        Role(item["role"]),
                        item["quantization"],
                        {key: _list(top) for key, top in item["answers"].items()},
                        item["cause"],
                    )
                    for item in record["stacks"]
                ),
                raw=record["raw"],
                hidden_sha256=record["hidden_sha256"],
                behaviour={name: dict(found) for name, found in record.get("behaviour", {}).items()},
            )
            if not any(context.type is ContextType.FIRST_TOKEN for context in baseline.contexts):
                raise ValueError("it has no first token of any answer")
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"the baseline file is damaged: {error!r}; record it again") from error
        return baseline


def _list(records: list[list[Any]]) -> tuple[Token, ...]:
    if not records:
        raise ValueError("a next-token list is empty")
    return tokens_from_json(records)
