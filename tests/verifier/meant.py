"""Which check is meant to find each behaviour that the lab breaks."""

from __future__ import annotations

from collections.abc import Mapping

from verifier.checks.base import Outcome
from verifier.lab.gateways import PASS

FOUND = (Outcome.WARN, Outcome.FAIL)

MEANT: Mapping[str, frozenset[str]] = {
    PASS: frozenset(),
    "no-tools": frozenset({"tool_trigger"}),
    "fence": frozenset({"tool_schema"}),
    "no-stop": frozenset({"parameters"}),
    "no-temperature": frozenset({"parameters"}),
    "no-format": frozenset({"structured_output"}),
    "more-prompt": frozenset({"prompt_tokens"}),
    "false-usage": frozenset({"usage"}),
    "cut-prompt": frozenset({"long_context"}),
    "only-reasoning": frozenset({"answer_integrity"}),
    "no-done": frozenset({"streaming"}),
    "errors-as-ok": frozenset({"errors"}),
    "slow": frozenset(),
    "unavailable": frozenset({"reliability"}),
}
"""By the gateway's name. A slow first token is no check's: the speed of the run tells it."""
