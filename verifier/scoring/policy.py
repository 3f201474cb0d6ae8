"""The rules that turn findings into a published result. Any change of them is a new version."""

from __future__ import annotations

VERSION = "2"
"""Version of the rules on this page; every result names the one it was made by."""

ACCUSING = frozenset({"deviating", "different-model"})
"""Verdicts that say an endpoint does not serve the released weights."""

EXPLAINING = (
    "context_window",
    "prompt_tokens",
    "raw_text",
    "pool_gap",
    "greedy_choice",
    "sampling",
    "routing",
    "nearest_variant",
    "weights",
)
"""Whose explanation is taken first: the contract (what is put before the weights), then who is served, then
how tokens are chosen, then the weights themselves."""

CAUSES = (
    "weight quantization",
    "kv-cache quantization",
    "pruning",
    "dropped layer",
    "other checkpoint",
    "other model",
    "hidden prompt",
    "wrong template",
    "temperature override",
    "truncated sampling",
    "truncated context",
    "lossy speculative decoding",
    "spoofed logprobs",
    "partial routing",
    "special-casing",
)
"""The causes that can be told apart (METHOD.md section 5); a deviation may also stay without one."""

FALSE_DISCOVERY_RATE = 0.05
"""Share of all published accusations that may be wrong, held by e-BH over the published endpoints. It holds
for the board as it stands at a time fixed beforehand; a board picked because of what it shows has no such
bound, while each single accusation keeps its own error rate whenever it is looked at."""
