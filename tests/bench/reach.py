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

CAUSES_RIGHT = {LOGPROBS: 0.9, TEXT: 0.7}
"""Share of detected runs whose cause is named rightly."""

ALIKE = {
    "int8-tensor": ("q8_0",),
    "int6-g64": ("fp8-row",),
    "q5_0": ("fp8-row",),
}
"""Deployments that should be found like another one; for reading the table, not for passing it."""
