"""Does the endpoint stream what it would have said in one piece, in well-formed events?

A few questions are asked at temperature 0 twice in one piece and once as a stream. The stream must be
server-sent events that parse, end with a `finish_reason` and `[DONE]`, tell the token counts when
`stream_options` asks for them, and come in more than one piece; put together, it must begin as the other
answer does, where that answer came twice (long texts may part at a near tie, in honest arithmetic too). An
endpoint that refuses to stream is `unsupported`; one that answers a request for a stream in one piece is not:
its clients wait in vain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from verifier.checks import everyday
from verifier.checks.base import Answer, Dialogue, Fault, Finding, Observation, Outcome
from verifier.checks.everyday import part_early, written
from verifier.checks.registry import Check
from verifier.checks.session import Session

STAGE = "streaming"
CASES = 3
FEWEST_PIECES = 2
LONG = 12
"""Tokens of an answer from which one piece is too few."""
WITH_USAGE: Mapping[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
BROKEN = (Fault.MALFORMED, Fault.TRUNCATED, Fault.TOO_LARGE)
FAILING = {
    "not a stream": "is answered in one piece",
    "broken events": "is no well-formed stream of events",
    "no [DONE]": "ends without [DONE]",
    "no finish_reason": "ends without a finish_reason",
    "another text": "says something else than the answer in one piece",
}
"""What fails, in the order in which it is told, and how."""
WARNING = {
    "no usage": "does not tell the token counts that were asked for",
    "one piece": "comes all at once",
}


def run(session: Session) -> Dialogue:
    """Asks each question both ways."""
    cases = everyday.chosen(session.rng("everyday"), session.plan.size(CHECK.name, "cases", CASES))
    lists = session.capabilities.k > 0
    probes = [everyday.probe("streaming/whole", case, lists) for case in cases]
    whole = yield from session.ask(probes, STAGE, 0)
    probes = [everyday.probe("streaming/again", case, lists, asking=1) for case in cases]
    again = yield from session.ask(probes, STAGE, 0)
    probes = [everyday.probe("streaming/usage", case, False, **WITH_USAGE) for case in cases]
    streams = yield from session.ask(probes, STAGE, 0)
    counted = not any(one.fault is Fault.REJECTED for one in streams)
    if not counted:
        probes = [everyday.probe("streaming/plain", case, False, stream=True) for case in cases]
        streams = yield from session.ask(probes, STAGE, 0)
    steady = [
        seen.answer if _repeats(seen.answer, repeat.answer) else None
        for seen, repeat in zip(whole, again, strict=True)
    ]
    return _finding(steady, streams, counted)


CHECK = Check(
    "streaming",
    "1",
    "Streaming",
    45,
    run,
    needs="`stream`",
    behaviour=True,
)


def faults_of(whole: Answer | None, stream: Observation, counted: bool) -> list[str]:
    """What is wrong with one stream, in the words of FAILING and WARNING.

    `counted`: it was asked to tell the token counts. What only says that the endpoint failed is left to the
    check of reliability.
    """
    answer = stream.answer
    if answer is None:
        return ["broken events"] if stream.fault in BROKEN and whole is not None else []
    if answer.streamed is None:
        return ["not a stream"]
    found = []
    if not answer.streamed.done:
        found.append("no [DONE]")
    if answer.finish_reason is None:
        found.append("no finish_reason")
    if counted and not answer.streamed.usage:
        found.append("no usage")
    if whole is not None and part_early(whole, answer):
        found.append("another text")
    tokens = answer.completion_tokens or len(written(answer).split())
    if tokens >= LONG and answer.streamed.pieces < FEWEST_PIECES:
        found.append("one piece")
    return found


def _repeats(answer: Answer | None, again: Answer | None) -> bool:
    """Whether the endpoint says the same twice; if not, a stream that differs says nothing."""
    return answer is not None and again is not None and not part_early(answer, again)


def _finding(whole: Sequence[Answer | None], streams: Sequence[Observation], counted: bool) -> Finding:
    answered = [(w, s) for w, s in zip(whole, streams, strict=True) if s.ok or s.fault in BROKEN]
    if not answered:
        refused = any(one.fault is Fault.REJECTED for one in streams)
        said = "It refuses to stream." if refused else "No stream was answered."
        outcome = Outcome.UNSUPPORTED if refused or not streams else _silent(streams)
        return Finding(CHECK.name, CHECK.version, outcome, said)
    each = [faults_of(answer, stream, counted) for answer, stream in answered]
    times = Counter(name for found in each for name in found)
    # Near ties part some honest texts at once: a minority of them is no fault.
    if 2 * times["another text"] <= len(answered):
        del times["another text"]
    sound = sum(not set(found) & set(times) for found in each)
    details: dict[str, Any] = {"faults": dict(times), "usage_refused": not counted}
    numbers = (sound / len(answered), None, None, len(answered), "share sound", details)
    for names, outcome in ((FAILING, Outcome.FAIL), (WARNING, Outcome.WARN)):
        for name, told in names.items():
            if times[name]:
                said = f"A request for a stream {told} ({times[name]} of {len(answered)})."
                if name not in ("not a stream",):
                    said = f"Its stream {told} ({times[name]} of {len(answered)})."
                return Finding(CHECK.name, CHECK.version, outcome, said, *numbers)
    said = f"Its streams are well-formed and say what the answers in one piece say ({len(answered)})."
    return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)


def _silent(streams: Sequence[Observation]) -> Outcome:
    ours = all(one.fault in (Fault.BUDGET, Fault.INTERNAL, Fault.EGRESS_REFUSED) for one in streams)
    return Outcome.ERROR if ours else Outcome.FAULTY
