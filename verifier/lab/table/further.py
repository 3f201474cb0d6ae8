"""Further deployments that are judged, beyond the demo's: other honest stacks, other degradations."""

from __future__ import annotations

from verifier.lab.deployment import Deployment, ServerOptions

_P = "linear projections (not the embedding)"


def _honest(name: str, label: str, weights: str, what: str, options: ServerOptions) -> Deployment:
    quantization = {"official": "bf16", "f16": "fp16", "f32": "fp32"}[weights]
    return Deployment(name, "honest", quantization, label, what, weights, options)


def _changed(name: str, cause: str, quantization: str, label: str, what: str) -> Deployment:
    return Deployment(name, "degraded", quantization, label, what, weights=name, cause=cause)


DEPLOYMENTS = (
    _honest(
        *("f32-batch", "f32, tiny batches", "f32"),
        "official weights, as f32, micro-batch 16, KV cache f32, flash attention off",
        ServerOptions(batch=64, micro_batch=16, kv_cache="F32", flash_attention=False),
    ),
    _honest(
        *("bf16-flash", "bf16, flash attention", "official"),
        "official weights, bf16, micro-batch 64, KV cache bf16, flash attention on",
        ServerOptions(micro_batch=64, kv_cache="BF16", flash_attention=True),
    ),
    _honest(
        *("f16-threads", "f16, two threads", "f16"),
        "official weights, as f16, two threads, KV cache bf16, flash attention off",
        ServerOptions(threads=2, kv_cache="BF16", flash_attention=False),
    ),
    _honest(
        *("f16-kvf32", "f16, KV cache f32", "f16"),
        "official weights, as f16, micro-batch 16, KV cache f32, flash attention off",
        ServerOptions(micro_batch=16, kv_cache="F32", flash_attention=False),
    ),
    _honest(
        *("f16-eager", "f16, no flash attention", "f16"),
        "official weights, as f16, micro-batch 128, flash attention off",
        ServerOptions(micro_batch=128, flash_attention=False),
    ),
    _honest(
        *("f32-slots", "f32, three slots", "f32"),
        "official weights, as f32, three slots, KV cache bf16, flash attention on",
        ServerOptions(slots=3, kv_cache="BF16", flash_attention=True),
    ),
    Deployment(
        name="kv-q8_0",
        role="degraded",
        quantization="bf16",
        label="KV cache q8_0",
        what="official weights, bf16, KV cache q8_0",
        options=ServerOptions(kv_cache="Q8_0", flash_attention=True),
        cause="kv-cache quantization",
    ),
    _changed(
        *("int8-tensor", "weight quantization", "int8", "INT8 per tensor"),
        f"{_P} rounded to INT8, one scale per matrix",
    ),
    _changed(
        *("q5_0", "weight quantization", "int5", "Q5_0"),
        "GGUF Q5_0 projections (5 bits, a scale per 32 weights), Q8_0 embedding",
    ),
    _changed(
        *("noise-1", "other checkpoint", "bf16", "1 % noise"),
        f"Gaussian noise of 1 % of a matrix's standard deviation added to all {_P}",
    ),
    _changed(
        *("checkpoint", "other checkpoint", "bf16", "another checkpoint"),
        "a rank-4 update of 2 % of their norm added to all query and value projections",
    ),
    _changed(
        *("pruned-20", "pruning", "bf16", "20 % pruned"),
        f"the smallest 20 % of the weights of all {_P} zeroed",
    ),
    _changed(
        *("sparse-2-4", "pruning", "bf16", "2:4 sparse"),
        f"the two smallest of each four weights of all {_P} zeroed",
    ),
    _changed(
        *("heads-6", "pruning", "bf16", "6 heads cut"),
        "6 of 270 attention heads zeroed (in layers 3, 8, 11, 17, 22 and 26)",
    ),
    _changed(*("layer-7", "dropped layer", "bf16", "layer 7 dropped"), "layer 7 of layers 0 to 29 left out"),
    _changed(
        *("layers-last-2", "dropped layer", "bf16", "last two layers dropped"),
        "layers 28 and 29 of layers 0 to 29 left out",
    ),
)
