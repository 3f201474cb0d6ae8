"""The rules that turn findings into a published result. Any change of them is a new version."""

from __future__ import annotations

VERSION = "3"
"""Version of the rules on this page; every result names the one it was made by."""

ACCUSING = frozenset({"deviating", "different-model"})
"""Verdicts that say an endpoint does not serve the released weights."""

EXPLAINING = (
    "context_window",
    "prompt_tokens",
    "raw_text",
    "pool_gap",
    "greedy_choice",
    "written_tokens",
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

GRADING = "1"
"""Version of the rules from here on, of grades and flags. No verdict depends on them: they count apart."""

GRADES = ("A+", "A", "B", "C", "D", "F")
"""The grades, best first. A+ takes log-probabilities, and every check of behaviour asked and passed."""

GRADES_OF_VERDICTS = {"faithful": "A", "different-model": "F"}
"""The grade of these verdicts; a deviating endpoint has that of its place on the ladder, the others none."""

GRADES_OF_RUNGS = {
    "int8": "B",
    "fp8": "C",
    "fp6": "C",
    "int6": "C",
    "int5": "D",
    "int4": "D",
    "fp4": "D",
    "mxfp4": "D",
    "nvfp4": "D",
    "int3": "F",
    "int2": "F",
}
"""The grade of a deviation whose nearest rung is of this quantization, whatever its cause."""

CAPS = {
    "tool_trigger": "B",
    "tool_schema": "B",
    "tool_choice": "B",
    "structured_output": "B",
    "parameters": "B",
    "answer_integrity": "B",
    "reliability": "B",
    "long_context": "C",
}
"""The best grade that an endpoint may have while this check of behaviour fails."""

CAP = "A"
"""The same for a check of behaviour that is not named above."""

LEAST_FIELD = 5
"""Endpoints of one model below which nobody is called suspiciously fast or cheap."""

SUSPICIOUS = 3.5
"""How far below the field speed or price must lie, as a modified z-score, to be flagged. Flags change no
verdict and no grade."""
