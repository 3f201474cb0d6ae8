"""What must be reached: for each degradation, completion tokens that 90 % of the runs keep within."""

from __future__ import annotations

SHARE = 0.9
LOGPROBS, TEXT = "logprobs", "text"
EVIDENCE = (LOGPROBS, TEXT)

REACH: dict[tuple[str, str], int] = {
    ("int4-g64", LOGPROBS): 8,
    ("int4-g64", TEXT): 15,
    ("fp8-row", LOGPROBS): 15,
    ("fp8-row", TEXT): 50,
    ("q8_0", LOGPROBS): 25,
    ("q8_0", TEXT): 100,
    ("layer-15", LOGPROBS): 15,
    ("kv-q4_0", LOGPROBS): 10,
    ("kv-q4_0", TEXT): 25,
    ("mix-10", LOGPROBS): 200,
    ("mix-10", TEXT): 600,
    ("temperature-07", LOGPROBS): 300,
    ("top-k-40", LOGPROBS): 300,
    ("speculative", LOGPROBS): 300,
    ("hidden-prompt", LOGPROBS): 15,
    ("hidden-prompt", TEXT): 30,
    ("wrong-template", LOGPROBS): 15,
    ("wrong-template", TEXT): 30,
}
"""Deployment and evidence -> completion tokens. What is not here goes "as far as it goes, stated"."""

FAITHFUL = {LOGPROBS: 250, TEXT: 500}
"""Completion tokens within which 90 % of an honest deployment's runs are faithful."""

PEERS: dict[str, tuple[str, float]] = {
    "MET": (TEXT, 10),
    "RUT": (TEXT, 10),
    "Margin": (TEXT, 2),
    "Log-probability tracking, as published": (LOGPROBS, 2),
    "Log-probability tracking": (LOGPROBS, 2),
}
"""Published method -> the evidence that it is compared at, and how many times as many tokens it must need."""

CAUSES_RIGHT = {LOGPROBS: 0.9, TEXT: 0.7}
"""Share of detected runs whose cause is named rightly."""

ONLY_FULL = (
    *("f16-threads", "f16-kvf32", "f32-slots"),
    *("int6-g64", "nf4", "int3-g64", "int2-g64", "heads-3", "layers-last-2", "int8-tensor", "pruned-20"),
    *("q5_0", "noise-1", "sparse-2-4", "int4-no-prefix", "int4-top5", "int4-no-bytes"),
    *("open-top5", "open-text", "open-no-completions", "open-no-prefix", "open-no-bytes", "open-token-ids"),
)
"""What is judged with FULL=1 only: the rest has one of every cause, two of those that need a stored variant,
and every row that must be reached."""
