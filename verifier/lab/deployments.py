"""The deployments of the lab: what is served, in what role, and exactly what was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from verifier.lab import templates

Role = Literal["reference", "calibration-honest", "calibration-rung", "honest", "degraded"]


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
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables the server reads at start."""

    def as_json(self) -> dict[str, Any]:
        """The options as plain values for the server process."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One endpoint of the lab, whose truth is known.

    `quantization` is the word for what is really served; `label` is its name on the ladder; `what` says in one
    line exactly what was done; `weights` names a recipe of recipes.py.
    """

    name: str
    role: Role
    quantization: str
    label: str
    what: str
    weights: str = "official"
    options: ServerOptions = ServerOptions()


def _honest(role: Role, name: str, quantization: str, what: str, weights: str, **options: Any) -> Deployment:
    what = f"official weights, {what}"
    return Deployment(name, role, quantization, what, what, weights, ServerOptions(**options))


def _rung(name: str, quantization: str, label: str, what: str) -> Deployment:
    return Deployment(name, "calibration-rung", quantization, label, what, weights=name)


def _changed(name: str, quantization: str, label: str, what: str) -> Deployment:
    return Deployment(name, "degraded", quantization, label, what, weights=name)


def _misserved(name: str, label: str, what: str, **options: Any) -> Deployment:
    return Deployment(name, "degraded", "bf16", label, what, options=ServerOptions(**options))


_PROJECTIONS = "every linear projection (not the embedding)"

_ALL = (
    Deployment("reference", "reference", "bf16", "bf16", "official weights, bf16, one slot, one thread"),
    # Honest deployments that calibrate the band.
    _honest("calibration-honest", "cal-f16", "fp16", "as f16, one slot", "f16"),
    _honest(
        *("calibration-honest", "cal-batch", "bf16", "bf16, batch 128, micro-batch 32, flash attention off", "official"),
        **{"batch": 128, "micro_batch": 32, "flash_attention": False},
    ),
    _honest(
        *("calibration-honest", "cal-slots", "bf16", "bf16, four slots, flash attention on", "official"),
        **{"slots": 4, "flash_attention": True},
    ),
    # Known degradations that make the ladder.
    _rung("int8-row", "int8", "INT8 per row", f"{_PROJECTIONS} rounded to INT8, one scale per output row"),
    _rung("fp8-tensor", "fp8", "FP8 E4M3 per tensor", f"{_PROJECTIONS} rounded to FP8 E4M3, one scale per matrix"),
    _rung("q4_0", "int4", "Q4_0", "GGUF Q4_0 projections (4 bits, a scale per 32 weights), Q8_0 embedding"),
    _rung("int3-g32", "int3", "INT3 g32", f"{_PROJECTIONS} rounded to INT3 codes, one scale per 32 inputs"),
    # Honest deployments that are judged.
    _honest("honest", "f32", "fp32", "as f32, f32 arithmetic", "f32"),
    _honest(
        *("honest", "f16-slots", "fp16", "as f16, two slots, batch 512, micro-batch 64", "f16"),
        **{"slots": 2, "batch": 512, "micro_batch": 64},
    ),
    _honest("honest", "kv-bf16", "bf16", "bf16, three slots, KV cache bf16", "official", slots=3, kv_cache="BF16"),
    _honest(
        *("honest", "kv-f32", "fp16", "as f16, two threads, KV cache f32, flash attention off", "f16"),
        **{"threads": 2, "kv_cache": "F32", "flash_attention": False},
    ),
    # Degraded deployments that are judged.
    _changed("q8_0", "int8", "Q8_0", "GGUF Q8_0 projections and embedding (8 bits, one scale per 32 weights)"),
    _changed("fp8-row", "fp8", "FP8 E4M3 per row", f"{_PROJECTIONS} rounded to FP8 E4M3, one scale per output row"),
    _changed("int6-g64", "int6", "INT6 g64", f"{_PROJECTIONS} rounded to INT6 codes, one scale per 64 inputs"),
    _changed("int4-g64", "int4", "INT4 RTN g64", f"{_PROJECTIONS} rounded to INT4 codes, one scale per 64 inputs"),
    _changed("nf4", "int4", "NF4", f"{_PROJECTIONS} rounded to the 16 values of NF4, one scale per 64 inputs"),
    _changed("int3-g64", "int3", "INT3 g64", f"{_PROJECTIONS} rounded to INT3 codes, one scale per 64 inputs"),
    _changed("int2-g64", "int2", "INT2 g64", f"{_PROJECTIONS} rounded to four levels, scale and offset per 64 inputs"),
    _changed("pruned-10", "bf16", "10 % pruned", "the smallest 10 % of the weights of every linear projection zeroed"),
    _changed("heads-3", "bf16", "3 heads cut", "3 of 270 attention heads zeroed (layers 7, 14 and 21)"),
    _changed("layer-15", "bf16", "a layer dropped", "layer 15 of 30 left out"),
    _misserved("kv-q4_0", "KV cache q4_0", "official bf16 weights, KV cache q4_0", kv_cache="Q4_0", flash_attention=True),
    _misserved(
        *("hidden-prompt", "hidden system prompt", f"every system message ends with “{templates.HIDDEN_SENTENCE}”"),
        chat_template=templates.HIDDEN_PROMPT,
    ),
    _misserved(
        *("wrong-template", "wrong template", "chat rendered as “User: … Assistant:” instead of the model's own markup"),
        chat_template=templates.PLAIN_ROLES,
    ),
    Deployment(
        *("stranger", "degraded", "fp16", "another model"),
        "not SmolLM2: another tokenizer, 6 layers, random weights, another template",
        *("stranger", ServerOptions(chat_template=templates.ZEPHYR)),
    ),
)

DEPLOYMENTS: dict[str, Deployment] = {deployment.name: deployment for deployment in _ALL}
