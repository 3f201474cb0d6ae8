"""The deployments that the demo serves and judges: few of each role, told apart by their weights alone."""

from __future__ import annotations

from dataclasses import replace

from verifier.lab import templates
from verifier.lab.deployment import Deployment, ServerOptions

_QUANTIZED = "weight quantization"


def _rung(name: str, quantization: str, label: str, what: str) -> Deployment:
    return Deployment(name, "calibration-rung", quantization, label, what, weights=name, cause=_QUANTIZED)


def _changed(name: str, quantization: str, label: str, what: str, cause: str = _QUANTIZED) -> Deployment:
    return Deployment(name, "degraded", quantization, label, what, weights=name, cause=cause)


_P = "linear projections (not the embedding)"
_ALL = (
    Deployment("reference", "reference", "bf16", "bf16", "official weights, bf16, one slot, one thread"),
    # Honest deployments that calibrate the band.
    Deployment("cal-f16", "calibration-honest", "fp16", "f16", "official weights, as f16, one slot", "f16"),
    Deployment(
        name="cal-batch",
        role="calibration-honest",
        quantization="bf16",
        label="bf16, small batches",
        what="official weights, bf16, batch 128, micro-batch 32, flash attention off",
        options=ServerOptions(batch=128, micro_batch=32, flash_attention=False),
    ),
    Deployment(
        name="cal-slots",
        role="calibration-honest",
        quantization="bf16",
        label="bf16, four slots",
        what="official weights, bf16, four slots, KV cache bf16, flash attention off",
        options=ServerOptions(slots=4, kv_cache="BF16", flash_attention=False),
    ),
    # Known degradations that make the ladder.
    _rung("int8-row", "int8", "INT8 per row", f"{_P} rounded to INT8, one scale per output row"),
    _rung("fp8-tensor", "fp8", "FP8 E4M3 per tensor", f"{_P} rounded to FP8 E4M3, one scale per matrix"),
    _rung("q4_0", "int4", "Q4_0", "GGUF Q4_0 projections (4 bits, a scale per 32 weights), Q8_0 embedding"),
    _rung("int3-g32", "int3", "INT3 g32", f"{_P} rounded to INT3, one scale per 32 inputs"),
    # Honest deployments that are judged.
    Deployment("f32", "honest", "fp32", "f32", "official weights, as f32, f32 arithmetic, one slot", "f32"),
    Deployment(
        name="f16-slots",
        role="honest",
        quantization="fp16",
        label="f16, two slots",
        what="official weights, as f16, two slots, batch 512, micro-batch 64",
        weights="f16",
        options=ServerOptions(slots=2, batch=512, micro_batch=64),
    ),
    Deployment(
        name="kv-bf16",
        role="honest",
        quantization="fp16",
        label="f16, KV cache bf16",
        what="official weights, as f16, KV cache bf16",
        weights="f16",
        options=ServerOptions(kv_cache="BF16"),
    ),
    Deployment(
        name="kv-f32",
        role="honest",
        quantization="bf16",
        label="bf16, KV cache f32",
        what="official weights, bf16, batch 256, KV cache f32, flash attention off",
        options=ServerOptions(batch=256, kv_cache="F32", flash_attention=False),
    ),
    # Degraded deployments that are judged.
    _changed("q8_0", "int8", "Q8_0", "GGUF Q8_0 projections and embedding (8 bits, a scale per 32 weights)"),
    _changed("fp8-row", "fp8", "FP8 E4M3 per row", f"{_P} rounded to FP8 E4M3, one scale per output row"),
    _changed("int6-g64", "int6", "INT6 g64", f"{_P} rounded to INT6, one scale per 64 inputs"),
    _changed("int4-g64", "int4", "INT4 g64", f"{_P} rounded to INT4, one scale per 64 inputs"),
    _changed("nf4", "int4", "NF4", f"{_P} rounded to the 16 values of NF4, one scale per 64 inputs"),
    _changed("int3-g64", "int3", "INT3 g64", f"{_P} rounded to INT3, one scale per 64 inputs"),
    _changed("int2-g64", "int2", "INT2 g64", f"{_P} rounded to four levels, scale and offset per 64 inputs"),
    _changed(
        *("pruned-10", "bf16", "10 % pruned", f"the smallest 10 % of the weights of all {_P} zeroed"),
        cause="pruning",
    ),
    _changed(
        *("heads-3", "bf16", "3 heads cut", "3 of 270 attention heads zeroed (in layers 7, 14 and 21)"),
        cause="pruning",
    ),
    _changed(
        *("layer-15", "bf16", "a layer dropped", "layer 15 of layers 0 to 29 left out"),
        cause="dropped layer",
    ),
    Deployment(
        name="kv-q4_0",
        role="degraded",
        quantization="bf16",
        label="KV cache q4_0",
        what="official weights, bf16, KV cache q4_0",
        options=ServerOptions(kv_cache="Q4_0", flash_attention=True),
        cause="kv-cache quantization",
    ),
    Deployment(
        name="hidden-prompt",
        role="degraded",
        quantization="bf16",
        label="hidden system prompt",
        what=f"official weights, bf16; every system message ends with “{templates.HIDDEN_SENTENCE}”",
        options=ServerOptions(chat_template=templates.HIDDEN_PROMPT),
        cause="hidden prompt",
    ),
    Deployment(
        name="wrong-template",
        role="degraded",
        quantization="bf16",
        label="wrong template",
        what="official weights, bf16; chat rendered as “User: … Assistant:”, not in the model's own markup",
        options=ServerOptions(chat_template=templates.PLAIN_ROLES),
        cause="wrong template",
    ),
    Deployment(
        name="stranger",
        role="degraded",
        quantization="fp16",
        label="another model",
        what="not SmolLM2: another tokenizer, 6 layers, random weights, another template",
        weights="stranger",
        options=ServerOptions(chat_template=templates.ZEPHYR),
        cause="other model",
    ),
)

DEPLOYMENTS = tuple(replace(one, demo=True) for one in _ALL)
