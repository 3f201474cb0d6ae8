"""What the checks of behaviour share: how a question is put, what few answers mean, when a rate is worse.

Every one of them compares the endpoint with what the reference itself reached on the same questions, so that
a weak model is not held against those who serve it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from verifier.checks.base import Ask, Finding, Observation, Outcome, Probe, Purpose, Status
from verifier.checks.registry import Check
from verifier.checks.session import Session
from verifier.contracts import Contract
from verifier.stats.intervals import Interval
from verifier.stats.rates import fewer_successes

CHAT = "chat/completions"
BEYOND_DOUBT = 1e-4
"""p-value at which a check fails: over a thousand honest runs of every check, none should."""
SUSPECT = 0.01
"""p-value at which it warns."""
LARGE = 0.2
"""Least difference of two rates that fails: engines that round differently part here and there."""
THINKING_ROOM = 8
"""How many times the tokens a model gets whose thinking cannot be switched off."""

Rate = tuple[int, int]
"""Successes and trials."""


def request(
    contract: Contract, messages: Sequence[Mapping[str, str]], tokens: int, **more: Any
) -> dict[str, Any]:
    """The body of a chat request for about `tokens` of answer, greedy where the contract lets us be."""
    allowed = contract.immutable.get("temperature", (0.0,))
    thinks = contract.reasoning_field and contract.thinking_off is None
    return {
        "messages": [dict(message) for message in messages],
        "max_tokens": tokens * THINKING_ROOM if thinks else tokens,
        "temperature": 0.0 if 0 in allowed else allowed[0],
        **(contract.thinking_off or {}),
        **more,
    }


def streaming(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same request, to be answered in pieces."""
    return {**body, "stream": True, "stream_options": {"include_usage": True}}


def probe(check: Check, name: str, body: Mapping[str, Any], asking: int = 0) -> Probe:
    """A question of `check` to the endpoint."""
    return Probe(f"{check.name}/{name}", CHAT, body, Purpose.BEHAVIOUR, asking=asking)


def ask_reference(
    check: Check, bodies: Mapping[str, Mapping[str, Any]], repeats: int = 1
) -> Generator[Ask, Sequence[Observation], dict[str, list[Observation]]]:
    """What the reference answers to each of `bodies`, asked `repeats` times."""
    names = [(name, again) for name in bodies for again in range(repeats)]
    probes = tuple(
        Probe(f"{check.name}/{name}/{again}", CHAT, bodies[name], Purpose.RECORDING, asking=again)
        for name, again in names
    )
    answers = yield Ask(probes, f"reference: {check.title.lower()}", len(probes))
    found: dict[str, list[Observation]] = {name: [] for name in bodies}
    for (name, _), observation in zip(names, answers, strict=True):
        found[name].append(observation)
    return found


def judged(own: Rate, reference: Rate) -> Outcome:
    """FAIL where the endpoint succeeds less often than the reference beyond doubt and by much, WARN where it
    seems to, else PASS.
    """
    p = fewer_successes(*own, *reference)
    if not own[1] or not reference[1] or p > SUSPECT:
        return Outcome.PASS
    large = reference[0] / reference[1] - own[0] / own[1] >= LARGE
    return Outcome.FAIL if p <= BEYOND_DOUBT and large else Outcome.WARN


def finding(
    check: Check,
    outcome: Outcome,
    said: str,
    interval: Interval | None = None,
    unit: str = "",
    **details: Any,
) -> Finding:
    """The finding of `check`."""
    if interval is None:
        return Finding(check.name, check.version, outcome, said, details=details)
    numbers = (interval.value, interval.low, interval.high, interval.n, unit)
    return Finding(check.name, check.version, outcome, said, *numbers, details)


def not_recorded(check: Check) -> Finding:
    """Where the baseline holds nothing of the reference to compare with."""
    said = "Not asked: the baseline was recorded without this check, so there is nothing to compare with."
    return finding(check, Outcome.UNSUPPORTED, said)


def too_few(check: Check, session: Session, observations: Sequence[Observation], said: str = "") -> Finding:
    """Where too little was answered to say anything: by refusal, brokenly, or for a reason of ours.

    `said` is for answers that came but were of no use.
    """
    count = Counter(observation.status for observation in observations)
    details: dict[str, Any] = {str(status): n for status, n in sorted(count.items())}
    details["n"] = len(observations)
    bad = [observation for observation in observations if not observation.ok]
    detail = next((observation.detail for observation in bad if observation.detail), "")
    if count[Status.UNSUPPORTED] and count[Status.UNSUPPORTED] >= count[Status.FAULTY]:
        said = f"It refuses such requests: {detail}"
        return finding(check, Outcome.UNSUPPORTED, said, **details)
    tried = any(observation.attempts for observation in bad)
    if count[Status.FAULTY] or (session.down and not tried):
        return finding(check, Outcome.FAULTY, f"It answers such requests brokenly: {detail}", **details)
    if count[Status.ERROR] and tried:
        return finding(check, Outcome.ERROR, f"We failed to ask: {detail}", **details)
    if count[Status.ERROR]:
        said = "The budget ended before enough was asked."
    return finding(check, Outcome.INCONCLUSIVE, said or "Too little was answered to say.", **details)
