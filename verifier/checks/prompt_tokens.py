"""Does the endpoint count as many prompt tokens as the official chat template makes?

The same messages, put through the released template and tokenizer, give a certain number of tokens.
A different number means another template, a hidden system prompt, a truncated context or another
tokenizer, and explains a deviation better than changed weights would. Read off the answers of the other
checks: it costs no request. An endpoint that reports no usage is `unsupported`, not failing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence

from verifier.checks.base import Ask, Dialogue, Finding, Observation, Outcome
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.stats.intervals import wilson

ENOUGH = 3


def run(session: Session) -> Dialogue:
    """Compares `usage.prompt_tokens` of plain chat requests with the baseline's counts."""
    yield from _nothing()
    differences = []
    for context in session.baseline.contexts:
        observation = session.observations.get(context.id)
        expected = session.baseline.prompt_tokens.get(context.prompt_id)
        if context.prefix or observation is None or observation.answer is None or expected is None:
            continue
        if observation.answer.prompt_tokens is not None:
            differences.append(observation.answer.prompt_tokens - expected)
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
    details = {"differences": sorted(Counter(differences).items()), "most_common": common}
    numbers = (equal.value, equal.low, equal.high, equal.n, "share equal", details)
    if times == len(differences) and common == 0:
        said = "It counts exactly the prompt tokens of the official template."
        return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)
    if times >= 0.9 * len(differences) and common > 0:
        said = (
            f"It counts {_tokens(common)} more than the official template makes: something is put "
            "before the user's messages (a hidden system prompt), or the template is another one."
        )
    elif times >= 0.9 * len(differences) and common < 0:
        said = f"It counts {_tokens(-common)} fewer than the official template makes: another template."
    else:
        said = (
            "Its prompt-token counts differ from the official template's by varying amounts: another "
            "tokenizer or template."
        )
    return Finding(CHECK.name, CHECK.version, Outcome.WARN, said, *numbers)


CHECK = Check("prompt_tokens", "1", "Prompt tokens", 20, run)


def _nothing() -> Generator[Ask, Sequence[Observation], None]:
    """A check is a generator even when it has nothing to ask."""
    yield from ()


def _tokens(count: int) -> str:
    return f"{count} prompt token{'' if count == 1 else 's'}"
