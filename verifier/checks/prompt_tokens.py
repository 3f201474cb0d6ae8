"""Does the endpoint count as many prompt tokens as the official chat template makes?

The same messages, put through the released template and tokenizer, give a certain number of tokens.
A different number means another template, a hidden system prompt, a truncated context or another
tokenizer, and explains a deviation better than changed weights would. Read off the answers of the other
checks: it costs no request. An endpoint that reports no usage is `unsupported`, not failing.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from verifier.checks.base import Dialogue, Finding, Outcome, nothing_to_ask
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import wilson

ENOUGH = 3
EXPLAINED = 0.5
"""Share of equal counts below which the prompt is another one."""
PLAIN = ("0", "greedy", "drawn")
"""The requests of a prompt that do not pin the beginning of an answer."""
SPREAD = 4
"""Tokens by which a hidden prompt's share may vary: it may join a system message or come instead of one."""


def run(session: Session) -> Dialogue:
    """Compares `usage.prompt_tokens` of plain chat requests with the baseline's counts."""
    yield from nothing_to_ask()
    differences = [
        counted - expected
        for prompt_id, expected in session.baseline.prompt_tokens.items()
        if not session.baseline.is_long(prompt_id) and (counted := _counted(session, prompt_id)) is not None
    ]
    if len(differences) < ENOUGH:
        return Finding(
            CHECK.name,
            CHECK.version,
            Outcome.UNSUPPORTED,
            "The endpoint or the baseline reports no prompt-token counts to compare.",
            n=len(differences),
        )
    equal = wilson(differences.count(0), len(differences))
    assert equal is not None
    (common, times), *_ = Counter(differences).most_common(1)
    details: dict[str, Any] = {"differences": sorted(Counter(differences).items()), "most_common": common}
    numbers = (equal.value, equal.low, equal.high, equal.n, "share equal", details)
    if times == len(differences) and common == 0:
        said = "It counts exactly the prompt tokens of the official template."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)
    if min(differences) > 0 and max(differences) - min(differences) <= SPREAD:
        name = "hidden prompt"
        said = (
            f"It counts {_tokens(common)} more than the official template makes, for every prompt alike: "
            "something is put before the user's messages (a hidden system prompt)."
        )
    elif times >= 0.9 * len(differences) and common < 0:
        name = "wrong template"
        said = f"It counts {_tokens(-common)} fewer than the official template makes: another template."
    else:
        name = "wrong template"
        said = (
            "Its prompt-token counts differ from the official template's by varying amounts: another "
            "tokenizer or template."
        )
    if equal.value < EXPLAINED:
        # A stray count explains nothing; another template shows in most of them.
        details["explains"] = {"name": name, "support": 1.0 - equal.value, "evidence": said}
    return Finding(CHECK.name, CHECK.version, Outcome.WARN, said, *numbers)


CHECK = Check("prompt_tokens", "2", "Prompt tokens", 20, run)


def _counted(session: Session, prompt_id: str) -> int | None:
    """What the endpoint counted for the prompt as a plain chat request; None if it was not asked or told."""
    for request in PLAIN:
        observation = session.observations.get(f"{prompt_id}/{request}")
        if observation is not None and observation.answer is not None:
            return observation.answer.prompt_tokens
    return None


def _tokens(count: int) -> str:
    return f"{count} prompt token{'' if count == 1 else 's'}"
