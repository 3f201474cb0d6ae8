"""The deployments of the lab: what is served, in what role, and exactly what was done to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Role = Literal["reference", "calibration-honest", "calibration-rung", "honest", "degraded"]


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the weights are served. Tokens, slots and threads are counts; cache types are ggml type names."""

    threads: int = 1
    slots: int = 1
    context: int = 2048
    """Tokens per slot, prompt and answer together."""
    batch: int = 2048
    micro_batch: int = 512
    flash_attention: bool | None = None
    """On, off, or as the server decides."""
    cache_k: str = "F16"
    cache_v: str = "F16"
    chat_template: str | None = None
    """A Jinja template in place of the model's own."""

    def as_json(self) -> dict[str, Any]:
        """The options as plain values for the server process."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One endpoint of the lab, whose truth is known.

    `quantization` is the word a provider would declare for what is really served; `label` is its name on the
    ladder; `what` says in one line exactly what was done; `weights` names a recipe of recipes.py.
    """

    name: str
    role: Role
    quantization: str
    label: str
    what: str
    weights: str
    options: ServerOptions = field(default_factory=ServerOptions)


_ALL = (
    Deployment("reference", "reference", "bf16", "bf16", "official weights in bf16, one slot", "official"),
    Deployment(
        "f16",
        "calibration-honest",
        "fp16",
        "f16",
        "official weights stored as f16, f16 arithmetic, one slot",
        "f16",
    ),
    Deployment(
        "bf16-slots",
        "calibration-honest",
        "bf16",
        "bf16, 4 slots",
        "official weights in bf16, four slots, batch 256, micro-batch 64, flash attention on",
        "official",
        ServerOptions(slots=4, batch=256, micro_batch=64, flash_attention=True),
    ),
    Deployment(
        "f16-slots",
        "honest",
        "fp16",
        "f16, 2 slots",
        "official weights stored as f16, two slots, batch 512, micro-batch 128, flash attention off",
        "f16",
        ServerOptions(slots=2, batch=512, micro_batch=128, flash_attention=False),
    ),
    Deployment(
        "int8-row",
        "calibration-rung",
        "int8",
        "INT8 per row",
        "projections rounded to 8-bit integers, one scale per output row",
        "int8-row",
    ),
    Deployment(
        "q8_0",
        "degraded",
        "int8",
        "Q8_0",
        "projections and embedding in GGUF Q8_0 (8-bit integers, one scale per 32 weights)",
        "q8_0",
    ),
    Deployment(
        "fp8-row",
        "degraded",
        "fp8",
        "FP8 E4M3 per row",
        "projections rounded to FP8 E4M3, one scale per output row",
        "fp8-row",
    ),
    Deployment(
        "int4-g64",
        "degraded",
        "int4",
        "INT4 RTN g64",
        "projections rounded to 4-bit integers, round to nearest, one scale per 64 inputs",
        "int4-g64",
    ),
)

DEPLOYMENTS: dict[str, Deployment] = {deployment.name: deployment for deployment in _ALL}
