"""The words every check speaks: probes go out, observations come back, a finding is returned.

A check is a generator. It yields an `Ask` (a few probes that may be sent side by side), receives the
observations in the order of those probes, and finally returns a `Finding`. It never touches the
network, so it can be replayed over stored evidence and must then give the same finding, byte for byte.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Outcome(StrEnum):
    """What a check can say of an endpoint (DESIGN.md section 2, *finding*)."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"
    FAULTY = "faulty"
    ERROR = "error"


class Status(StrEnum):
    """What became of one request. Only `OK` carries an answer."""

    OK = "ok"
    FAULTY = "faulty"
    """The endpoint answered brokenly; counts for its reliability, never for its weights."""
    UNSUPPORTED = "unsupported"
    """The endpoint refuses this request (a parameter, a path, the key)."""
    ERROR = "error"
    """Our own failure or our own limit; never counted against anybody."""


class Fault(StrEnum):
    """Why an observation has no usable answer."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server-error"
    RATE_LIMITED = "rate-limited"
    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    TRUNCATED = "truncated"
    REJECTED = "rejected"
    UNAUTHORISED = "unauthorised"
    EGRESS_REFUSED = "egress-refused"
    BUDGET = "budget"
    INTERNAL = "internal"

    @property
    def status(self) -> Status:
        """Whose failure this is."""
        if self in (Fault.REJECTED, Fault.UNAUTHORISED):
            return Status.UNSUPPORTED
        if self in (Fault.EGRESS_REFUSED, Fault.BUDGET, Fault.INTERNAL):
            return Status.ERROR
        return Status.FAULTY


class Purpose(StrEnum):
    """What a probe's tokens are booked under in the result."""

    CAPABILITY = "capability"
    DECISION = "decision"
    ESTIMATION = "estimation"
    DIAGNOSIS = "diagnosis"
    SCORING = "scoring"
    BEHAVIOUR = "behaviour"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Token:
    """One listed token: its bytes (its identity) and its natural-log probability (<= 0)."""

    token: bytes
    logprob: float


def as_logprobs(top: Sequence[Token]) -> dict[bytes, float]:
    """A next-token list as a mapping from token bytes to its log-probability (nats).

    Several special tokens may spell the same bytes (often none at all); the likeliest stands for them,
    whatever order the server lists them in.
    """
    logprobs: dict[bytes, float] = {}
    for item in top:
        logprobs[item.token] = max(item.logprob, logprobs.get(item.token, item.logprob))
    return logprobs


@dataclass(frozen=True, slots=True)
class Position:
    """One generated token and the list of alternatives the server gave with it.

    `top` is as the server sent it, sorted by falling log-probability; it may or may not hold `token`.
    """

    token: bytes
    logprob: float
    top: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that the model asks for, as it came: `arguments` is text that should be a JSON object."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Streamed:
    """How an answer came in pieces. `first` and `last` are when its first and last piece of text, reasoning
    or tool call came, in seconds after the request was sent; `pieces` counts them.

    `done`: the stream ended with `[DONE]`; `usage`: an event told the token counts.
    """

    events: int
    pieces: int
    done: bool
    usage: bool
    first: float | None = None
    last: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed completion. `positions` is None when the server gave no logprobs at all.

    `reasoning` is what a thinking model wrote before its answer, where the endpoint keeps the two apart.
    `others` holds the texts of the further choices of a request with `n` above 1. `streamed` is None for an
    answer that came in one piece.
    """

    text: str
    positions: tuple[Position, ...] | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    others: tuple[str, ...] = ()
    streamed: Streamed | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One request to send. `key` is unique within a run and stable across replays.

    `api` is the path under the base URL (`chat/completions` or `completions`). `body` is the JSON body
    without `model`, which the client adds. `of_reference`: asked of the live reference, not of the endpoint.
    `asking`: how often the same body was meant to be asked before, where repeats are the question.
    """

    key: str
    api: str
    body: Mapping[str, Any]
    purpose: Purpose
    of_reference: bool = False
    asking: int = 0


class ErrorShape(StrEnum):
    """What the body of an error is."""

    OPENAI = "openai"
    """`{"error": {"message": …}}`, as OpenAI's clients expect it."""
    JSON = "json"
    TEXT = "text"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Observation:
    """One request and what became of it, redacted. Times are in seconds.

    `attempts` counts the sends this observation took, retries included. `failed` says why it was sent again,
    for each send before the last that was answered brokenly. `error_shape` is that of the last error's body,
    None where nothing was refused.
    """

    key: str
    status: Status
    answer: Answer | None = None
    fault: Fault | None = None
    detail: str = ""
    http_status: int | None = None
    attempts: int = 1
    started_at: str = ""
    elapsed: float | None = None
    first_token: float | None = None
    error_shape: ErrorShape | None = None
    failed: tuple[Fault, ...] = ()

    @property
    def ok(self) -> bool:
        return self.status is Status.OK


class Weighed(NamedTuple):
    """How the evidence of a run weighs so far, as e-values: against honesty, and for faithfulness."""

    deviation: float
    faithfulness: float


@dataclass(frozen=True, slots=True)
class Ask:
    """Probes that may be in flight together. `planned` is the run's expected number of requests; `weighed` is
    told by what weighs evidence.
    """

    probes: tuple[Probe, ...]
    stage: str
    planned: int
    weighed: Weighed | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A check's answer. `estimate`, `low`, `high` share `unit`; `n` counts what was averaged.

    `cause` is one plain sentence for a reader. `details` holds the numbers behind it, JSON-ready.
    """

    check: str
    version: str
    outcome: Outcome
    cause: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


Dialogue = Generator[Ask, Sequence[Observation], Finding]
"""A check in progress."""


def nothing_to_ask() -> Generator[Ask, Sequence[Observation], None]:
    """For a check that reads the answers of others: it is a generator all the same."""
    yield from ()
