"""Are parameters refused where the model's makers say that they must be?

Some makers fix sampling parameters of a model, because it was trained to be sampled in one way only: their
own API refuses any other value with a 400. An endpoint that takes another value and samples by it serves
answers that the makers never meant, and one that takes it silently leaves its users in the dark. One request
for each parameter that the family's contract fixes or forbids; only a refusal passes. A warning, not a
failure: every open engine takes these values unless its operator forbids them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.checks.base import Dialogue, Fault, Finding, Outcome, Probe, Purpose
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract

STAGE = "fixed parameters"
OTHERS: Mapping[str, tuple[Any, ...]] = {
    "temperature": (0.3, 0.7),
    "top_p": (0.5, 0.9),
    "n": (2, 3),
    "presence_penalty": (0.5, 1.0),
    "frequency_penalty": (0.5, 1.0),
}
"""Values that are valid in the API at large: one of them is no allowed one."""


def run(session: Session) -> Dialogue:
    """Asks with one forbidden value at a time."""
    forbidden = forbidden_values(session.contract)
    if not forbidden:
        said = f"The contract of the family {session.contract.family} fixes no parameter."
        return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said)
    probes = [
        Probe(
            f"immutable/{name}",
            "chat/completions",
            {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 1, name: value},
            Purpose.BEHAVIOUR,
        )
        for name, value in forbidden.items()
    ]
    answers = yield from session.ask(probes, STAGE, 0)
    found = dict(zip(forbidden, answers, strict=True))
    accepted = [name for name, seen in found.items() if seen.ok]
    refused = [name for name, seen in found.items() if seen.fault is Fault.REJECTED]
    judged = len(accepted) + len(refused)
    if not judged:
        said = "It neither took nor refused any of the fixed parameters."
        return Finding(CHECK.name, CHECK.version, Outcome.FAULTY, said)
    numbers = (len(refused) / judged, None, None, judged, "share refused")
    details = {"accepted": accepted, "refused": refused, "contract": session.contract.source}
    if accepted:
        said = f"It takes values of {', '.join(accepted)} that the makers' own API refuses."
        return Finding(CHECK.name, CHECK.version, Outcome.WARN, said, *numbers, details)
    said = "It refuses every value that the makers of the model forbid."
    return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers, details)


CHECK = Check(
    "immutable_parameters",
    "1",
    "Fixed parameters",
    41,
    run,
    needs="a model whose makers fix some parameters",
    behaviour=True,
)


def forbidden_values(contract: Contract) -> dict[str, Any]:
    """Parameter -> a value that its contract forbids."""
    found = {}
    for name, allowed in contract.immutable.items():
        others = [value for value in OTHERS.get(name, ()) if value not in allowed]
        if others:
            found[name] = others[0]
    return found | dict(contract.refused)
