"""Are the answers whole: text, in the language of the question, without going round in circles?

Ordinary questions in eight languages, after the MiniMax Provider Verifier. Four things are counted and
compared with the reference's own answers to the same questions: answers without any text, answers that are
reasoning only, answers that repeat themselves (more than half of their four-word groups occurred before),
and letters of a script that neither the language nor plain Latin has. The check fails where one of them
happens more often than with the reference, beyond doubt and by 20 points or more. How often requests succeed
is the check of reliability.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from verifier.checks.base import Answer, Dialogue, Finding, Outcome
from verifier.checks.behaving import (
    Rate,
    ask_reference,
    finding,
    judged,
    not_recorded,
    probe,
    request,
    too_few,
)
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract
from verifier.stats.intervals import wilson
from verifier.suites.cases import Opening, openings

TOKENS = 96
REPEATS = 2
CASES = 16
FEWEST = 3
GROUP = 4
"""Words, or signs where words are not spaced, that are looked for again."""
GROUPS = 20
"""Groups below which an answer is too short to go round in circles."""
REPEATED = 0.5
STRAY = 2
"""Letters of a foreign script that may be a name."""
SCRIPTS = {
    "zh": {"CJK"},
    "ja": {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "FULLWIDTH"},
    "ko": {"HANGUL", "CJK"},
    "ru": {"CYRILLIC"},
    "ar": {"ARABIC"},
}
"""Beside Latin, by language; the first words of Unicode's names."""
FLAGS = {
    "empty": "have no text",
    "only_reasoning": "are reasoning without an answer",
    "repetition": "go round in circles",
    "wrong_script": "hold letters of a foreign script",
}
STAGE = "answers"


def flags(answer: Answer, language: str) -> set[str]:
    """What is wrong with an answer in `language`, of `FLAGS`."""
    if not answer.text.strip() and not answer.tool_calls:
        return {"only_reasoning" if answer.reasoning.strip() else "empty"}
    found = set()
    if repeated(answer.text) > REPEATED:
        found.add("repetition")
    if stray_letters(answer.text, language) > STRAY:
        found.add("wrong_script")
    return found


def repeated(text: str) -> float:
    """The share of the text's groups of words that occurred in it before; 0 for a short text."""
    words: Sequence[str] = text.lower().split()
    if words and len(text) > 12 * len(words):
        words = "".join(words)
    groups = [tuple(words[i : i + GROUP]) for i in range(len(words) - GROUP + 1)]
    return 0.0 if len(groups) < GROUPS else 1.0 - len(set(groups)) / len(groups)


def stray_letters(text: str, language: str) -> int:
    """Letters of a script that is neither Latin nor one of the language's."""
    allowed = SCRIPTS.get(language, set()) | {"LATIN", "MODIFIER", "FEMININE", "MASCULINE", "MICRO", "GREEK"}
    return sum(
        sign.isalpha() and unicodedata.name(sign, "UNKNOWN").split()[0] not in allowed for sign in text
    )


def run(session: Session) -> Dialogue:
    """Asks each question once."""
    known = session.baseline.behaviour.get(CHECK.name)
    if known is None:
        return not_recorded(CHECK)
    order = session.rng(CHECK.name).permutation(len(openings()))
    size = session.plan.size(CHECK.name, "cases", CASES)
    drawn = [openings()[int(i)] for i in order][:size]
    probes = [probe(CHECK, one.id, _body(session.contract, one)) for one in drawn]
    observations = yield from session.ask(probes, STAGE, 0)
    answered = [(o.answer, one) for one, o in zip(drawn, observations, strict=True) if o.answer]
    if len(answered) < FEWEST:
        return too_few(CHECK, session, observations)
    found = [flags(answer, one.language) for answer, one in answered]
    counts = {name: (sum(name in flag for flag in found), len(found)) for name in FLAGS}
    whole = (sum(not flag for flag in found), len(found))
    return _finding(whole, counts, known)


def record(recorder: Recorder) -> Recording:
    """How often the reference's own answers show each flaw: `[times, answers]`."""
    bodies = {one.id: _body(recorder.contract, one) for one in openings()}
    answers = yield from ask_reference(CHECK, bodies, REPEATS)
    found = [flags(o.answer, one.language) for one in openings() for o in answers[one.id] if o.answer]
    return {name: [sum(name in flag for flag in found), len(found)] for name in FLAGS}


CHECK = Check(
    "answer_integrity", "1", "Whole answers", 66, run, "chat answers", behaviour=True, record=record
)


def _body(contract: Contract, one: Opening) -> dict[str, Any]:
    return request(contract, one.messages, TOKENS)


def _finding(whole: Rate, counts: Mapping[str, Rate], reference: Mapping[str, Sequence[int]]) -> Finding:
    outcomes = {
        name: judged((n - times, n), (reference[name][1] - reference[name][0], reference[name][1]))
        for name, (times, n) in counts.items()
    }
    details = {name: {"times": counts[name][0], "reference": list(reference[name])} for name in FLAGS}
    order = (Outcome.FAIL, Outcome.WARN, Outcome.PASS)
    outcome = next(one for one in order if one in outcomes.values())
    worse = [name for name in FLAGS if outcomes[name] is not Outcome.PASS]
    said = f"{whole[0]} of {whole[1]} answers are whole, as the reference's are."
    if worse:
        parts = [
            f"{counts[name][0]} of {counts[name][1]} answers {FLAGS[name]} (the reference: "
            f"{reference[name][0]} of {reference[name][1]})"
            for name in worse
        ]
        said = f"{'; '.join(parts)}."
    return finding(CHECK, outcome, said, wilson(*whole), "share of answers whole", **details)
