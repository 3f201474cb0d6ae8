"""What may stand before the weights: dishonest and faulty proxies, one behaviour a file."""

from __future__ import annotations

from verifier.lab.gateways.base import Behaviour, Pass, Upstream
from verifier.lab.gateways.cut_context import CutContext
from verifier.lab.gateways.cut_tail import CutTail
from verifier.lab.gateways.mix import Mix
from verifier.lab.gateways.special_case import SpecialCase
from verifier.lab.gateways.speculate import Speculate
from verifier.lab.gateways.spoof import Spoof
from verifier.lab.gateways.temperature import Temperature
from verifier.lab.vocabulary import Vocabulary
from verifier.suites import load

PASS = "pass"
"""No behaviour of its own."""
ALONE = (PASS, "temperature", "cut-tail", "cut-context")
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
    if name == PASS:
        return Pass(first)
    if name == "temperature":
        return Temperature(first)
    if name == "cut-tail":
        return CutTail(first)
    if name == "cut-context":
        return CutContext(first)
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
