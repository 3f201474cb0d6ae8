"""What may stand before the weights: dishonest and faulty proxies, one behaviour a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from verifier.lab.gateways.base import Behaviour, Pass, Upstream
from verifier.lab.gateways.cut_context import CutContext
from verifier.lab.gateways.cut_prompt import CutPrompt
from verifier.lab.gateways.cut_tail import CutTail
from verifier.lab.gateways.errors_as_ok import ErrorsAsOk
from verifier.lab.gateways.false_usage import FalseUsage
from verifier.lab.gateways.fence import Fence
from verifier.lab.gateways.mix import Mix
from verifier.lab.gateways.no_done import NoDone
from verifier.lab.gateways.only_reasoning import OnlyReasoning
from verifier.lab.gateways.slow import Slow
from verifier.lab.gateways.special_case import SpecialCase
from verifier.lab.gateways.speculate import Speculate
from verifier.lab.gateways.spoof import Spoof
from verifier.lab.gateways.temperature import Temperature
from verifier.lab.gateways.unavailable import Unavailable
from verifier.lab.gateways.without import Without
from verifier.lab.vocabulary import Vocabulary
from verifier.suites import load

PASS = "pass"
"""No behaviour of its own."""
ONE_SERVER: Mapping[str, Callable[[Upstream], Behaviour]] = {
    PASS: Pass,
    "temperature": Temperature,
    "cut-tail": CutTail,
    "cut-context": CutContext,
    "no-tools": lambda first: Without(first, "tools", "tool_choice"),
    "fence": Fence,
    "no-stop": lambda first: Without(first, "stop"),
    "no-temperature": lambda first: Without(first, "temperature"),
    "no-format": lambda first: Without(first, "response_format"),
    "cut-prompt": CutPrompt,
    "more-prompt": lambda first: FalseUsage(first, prompt=37),
    "false-usage": lambda first: FalseUsage(first, factor=1.5),
    "no-done": NoDone,
    "only-reasoning": OnlyReasoning,
    "errors-as-ok": ErrorsAsOk,
    "slow": Slow,
    "unavailable": Unavailable,
}
ALONE = tuple(ONE_SERVER)
"""Behaviours that need the first weights only."""
WITH_ANOTHER = ("mix", "special-case", "spoof", "speculate")
"""Behaviours that need second weights too."""
KNOWN_SUITE = "core"
"""The public suite whose prompts are recognised by special-casing."""


def behaviour(
    name: str, first: Upstream, second: Upstream | None, vocabulary: Vocabulary, model: str
) -> Behaviour:
    """The behaviour called `name` before the servers of the first and second weights.

    Raises:
        ValueError: there is no such behaviour, or it needs second weights.
    """
    if name in ONE_SERVER:
        return ONE_SERVER[name](first)
    if second is not None:
        if name == "mix":
            return Mix(first, second)
        if name == "special-case":
            known = frozenset(prompt.messages[-1]["content"] for prompt in load(KNOWN_SUITE).prompts)
            return SpecialCase(first, second, known)
        if name == "spoof":
            return Spoof(first, second, vocabulary, model)
        if name == "speculate":
            return Speculate(first, second, vocabulary, model)
    raise ValueError(f"no gateway behaves like {name!r}, or it needs second weights")
