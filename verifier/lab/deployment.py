"""What a deployment of the lab is: its weights, how they are served, what stands before them, the truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from verifier.scoring import policy

Role = Literal[
    "reference",
    "calibration-honest",
    "calibration-rung",
    "calibration-variant",
    "honest",
    "degraded",
    "broken",
]
"""The reference; what sets band, ladder and known variants; what is judged, never the same; and what serves
the official weights and breaks something else."""

NONE = "none"
CAUSES = (NONE, *policy.CAUSES)
"""Why a deployment does not give what the official weights would; "none": it does."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the weights are served. Threads and slots are counts, batches and context are in tokens."""

    threads: int = 1
    slots: int = 1
    context: int = 2048
    """Tokens per slot, prompt and answer together."""
    batch: int = 2048
    micro_batch: int = 256
    flash_attention: bool | None = None
    """On, off, or as the server decides."""
    kv_cache: str = "F16"
    """Type of the attention cache, a ggml type name."""
    chat_template: str | None = None
    """A Jinja template in place of the model's own."""

    def as_json(self) -> dict[str, Any]:
        """The options as plain values for the server process."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Access:
    """What an endpoint lets its users see and do. As it stands: all that the server offers."""

    top_logprobs: int | None = None
    """Most alternatives that may be asked for; 0: the parameter is accepted, and no logprobs are given."""
    completions: bool = True
    """Whether there is a `/v1/completions`."""
    prefix: bool = True
    """Whether a trailing assistant message is continued; otherwise it is a turn, and a new one follows."""
    bytes: bool = True
    """Whether tokens come with their bytes; otherwise spelt as the vocabulary does (`Ġ` for a space)."""
    token_ids: bool = False
    """Whether tokens are named `token_id:123` and nothing else."""

    def as_json(self) -> dict[str, Any]:
        """The access as plain values for the server process."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Proxy:
    """What stands before the weights: a behaviour of gateways/, and the second weights it may need."""

    behaviour: str
    other: str | None = None
    """A recipe of recipes.py, served as the first weights are."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One endpoint of the lab, whose truth is known.

    `quantization` is the word for what is really served; `label` is its short name; `what` says in one line
    exactly what was done; `weights` names a recipe of recipes.py; `cause` is one of `CAUSES`; `demo` says
    whether the demo serves it.
    """

    name: str
    role: Role
    quantization: str
    label: str
    what: str
    weights: str = "official"
    options: ServerOptions = ServerOptions()
    cause: str = NONE
    demo: bool = False
    access: Access = Access()
    proxy: Proxy | None = None

    @property
    def recipes(self) -> tuple[str, ...]:
        """The weights files it needs, by recipe."""
        if self.proxy is None or self.proxy.other is None:
            return (self.weights,)
        return self.weights, self.proxy.other
