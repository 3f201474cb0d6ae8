"""Does the endpoint itself name another precision than it declares?

Answers carry the name of the model that made them and, often, a `system_fingerprint`. Some hosts put the
format of their weights there: `-fp8`, `Q4_K_M`, `w4a16`, `4bit`. What stands there is held against the
declared quantization: a coarser format is a warning, and nothing more, for a name may be old or wrong and the
weights are judged by what they answer. What the official name of the model says itself is left out, and
saying nothing is nobody's fault. Read off the answers of the other checks: it costs no request.
"""

from __future__ import annotations

import re
from collections import Counter

from verifier.checks.base import Dialogue, Finding, Outcome, nothing_to_ask
from verifier.checks.registry import Check
from verifier.checks.session import Session

SHOWN = 4
LONGEST = 80
_FORMATS = re.compile(
    r"(?<![a-z0-9])(?:"
    r"(?P<word>nvfp4|mxfp4|bf16|fp16|fp32|fp[468]|int[2-8])"
    r"|i?q(?P<gguf>[2-8])_(?:[01]|nl|xxs|xs|s|m|k(?:_(?:xs|s|m|l|xl))?)"
    r"|w(?P<w>[2-8])a(?:16|8)"
    r"|(?P<bit>[2-8])[-_ ]?bits?"
    r")(?![a-z0-9])"
)
_BITS = re.compile(r"[0-9]+\Z")


def formats(text: str) -> set[str]:
    """The quantizations that a name speaks of, in our words: `Q4_K_M`, `w4a16` and `4bit` are all int4."""
    found = set()
    for match in _FORMATS.finditer(text.lower()):
        number = match["gguf"] or match["w"] or match["bit"]
        found.add(f"int{number}" if number else match["word"])
    return found


def bits(word: str) -> int:
    """Bits per weight of a quantization word, 0 where it tells none."""
    told = _BITS.search(word)
    return int(told[0]) if told else 0


def run(session: Session) -> Dialogue:
    """Reads the names in every answer of the endpoint."""
    yield from nothing_to_ask()
    names: Counter[str] = Counter()
    for observation in session.answers_of_endpoint():
        if (answer := observation.answer) is not None:
            names.update(name for name in (answer.model, answer.system_fingerprint) if name)
    official = formats(session.baseline.model)
    telling = {name: found for name in sorted(names) if (found := formats(name) - official)}
    admitted = sorted(
        {word for found in telling.values() for word in found}, key=lambda word: (bits(word), word)
    )
    declared = (session.settings.declared or "").strip().lower()
    details = {"admits": admitted, "declared": declared or None, "names": list(telling)[:SHOWN]}
    outcome, said = Outcome.PASS, "Nothing in its answers speaks of another precision than it declares."
    if admitted and bits(admitted[0]) < bits(declared):
        name = next(name for name, found in telling.items() if admitted[0] in found)
        outcome = Outcome.WARN
        said = f"It declares {declared}, and names {admitted[0]} itself: {name[:LONGEST]!r} in its answers."
    elif admitted and not bits(declared):
        said = f"Its answers name {', '.join(admitted)}; it declares nothing that this could be held against."
    return Finding(CHECK.name, CHECK.version, outcome, said, n=names.total(), details=details)


CHECK = Check("self_disclosure", "1", "What it says of itself", 91, run, needs="nothing", behaviour=True)
