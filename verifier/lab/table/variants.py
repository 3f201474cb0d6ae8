"""Known variants, whose answers are kept with a baseline as fingerprints: they calibrate, and are not judged.

A judged deployment of the same kind is served in another way, and where a kind allows it, made in another:
other heads.
"""

from __future__ import annotations

from verifier.lab.deployment import Deployment, ServerOptions
from verifier.lab.recipes import LAYERS

_P = "linear projections (not the embedding)"
_SERVED = ServerOptions(micro_batch=64, kv_cache="F32", flash_attention=False)
_HOW = "micro-batch 64, KV cache f32"


def _variant(
    name: str, weights: str, cause: str, quantization: str, label: str, what: str, options: ServerOptions
) -> Deployment:
    return Deployment(name, "calibration-variant", quantization, label, what, weights, options, cause)


def _without_layer(layer: int) -> Deployment:
    """Errors of two dropped layers hardly correlate, so each layer is a variant of its own."""
    return _variant(
        *(f"var-layer-{layer}", f"layer-{layer}", "dropped layer", "bf16", f"layer {layer} dropped"),
        f"layer {layer} of layers 0 to {LAYERS - 1} left out; {_HOW}",
        _SERVED,
    )


DEPLOYMENTS = (
    _variant(
        *("var-q8_0", "q8_0", "weight quantization", "int8", "Q8_0"),
        f"GGUF Q8_0 projections and embedding (8 bits, a scale per 32 weights); {_HOW}",
        _SERVED,
    ),
    _variant(
        *("var-fp8-row", "fp8-row", "weight quantization", "fp8", "FP8 E4M3 per row"),
        f"{_P} rounded to FP8 E4M3, one scale per output row; {_HOW}",
        _SERVED,
    ),
    _variant(
        *("var-int4-g64", "int4-g64", "weight quantization", "int4", "INT4 g64"),
        f"{_P} rounded to INT4, one scale per 64 inputs; {_HOW}",
        _SERVED,
    ),
    _variant(
        *("var-kv-q4_0", "f16", "kv-cache quantization", "fp16", "KV cache q4_0"),
        "official weights, as f16, micro-batch 64, KV cache q4_0",
        ServerOptions(micro_batch=64, kv_cache="Q4_0", flash_attention=True),
    ),
    _variant(
        *("var-kv-q8_0", "f16", "kv-cache quantization", "fp16", "KV cache q8_0"),
        "official weights, as f16, micro-batch 64, KV cache q8_0",
        ServerOptions(micro_batch=64, kv_cache="Q8_0", flash_attention=True),
    ),
    _variant(
        *("var-pruned-10", "pruned-10", "pruning", "bf16", "10 % pruned"),
        f"the smallest 10 % of the weights of all {_P} zeroed; {_HOW}",
        _SERVED,
    ),
    _variant(
        *("var-heads", "heads-3-others", "pruning", "bf16", "3 other heads cut"),
        f"3 of 270 attention heads zeroed (in layers 5, 12 and 19); {_HOW}",
        _SERVED,
    ),
    *(_without_layer(layer) for layer in range(LAYERS)),
    _variant(
        *("var-checkpoint", "checkpoint", "other checkpoint", "bf16", "another checkpoint"),
        f"a rank-4 update of 2 % of their norm added to query and value projections; {_HOW}",
        _SERVED,
    ),
)
