"""Are bad requests refused with a 400 that says why?

A client library tells a mistake of its user (400: mend the request) from a failure of the server (5xx: try
again) by the status, and reads the reason from `error.message`. A few requests are sent that no server can
answer rightly: without `messages`, with `messages` that are no list, with a number for a text, with words for
a number. A refusal is a status from 400 to 499. Answering as if nothing were wrong, with a 5xx, or with
an error inside a 200, fails; a refusal whose body is not OpenAI's error object is a warning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from verifier.checks.base import Dialogue, ErrorShape, Fault, Finding, Observation, Outcome, Probe, Purpose
from verifier.checks.registry import Check
from verifier.checks.session import Session

STAGE = "errors"
CASES = 4
_HELLO = [{"role": "user", "content": "Say hello."}]
BAD: Mapping[str, Mapping[str, Any]] = {
    "messages missing": {"max_tokens": 1},
    "max_tokens in words": {"messages": _HELLO, "max_tokens": "many"},
    "messages no list": {"messages": "Say hello.", "max_tokens": 1},
    "content a number": {"messages": [{"role": "user", "content": 5}], "max_tokens": 1},
}
"""What every server that reads its requests refuses, the most telling first."""
PREFIX = "errors/"
OURS = (Fault.BUDGET, Fault.INTERNAL, Fault.EGRESS_REFUSED)
SILENT = (Fault.UNREACHABLE, Fault.TIMEOUT, Fault.RATE_LIMITED, Fault.UNAUTHORISED)
TOLD = {
    "answered": "answers as if nothing were wrong",
    "error in a 200": "sends the error with status 200",
    "server error": "answers with a server error (5xx)",
    "malformed": "answers with what is neither an answer nor an error",
}


def run(session: Session) -> Dialogue:
    """Sends the bad requests."""
    chosen = dict(list(BAD.items())[: session.plan.size(CHECK.name, "cases", CASES)])
    probes = [
        Probe(f"{PREFIX}{name}", "chat/completions", body, Purpose.BEHAVIOUR) for name, body in chosen.items()
    ]
    answers = yield from session.ask(probes, STAGE, 0)
    found = {name: kind_of(seen) for name, seen in zip(chosen, answers, strict=True)}
    judged = {name: kind for name, kind in found.items() if kind is not None}
    if not judged:
        ours = all(one.fault in OURS for one in answers)
        outcome = Outcome.ERROR if ours else Outcome.FAULTY
        return Finding(CHECK.name, CHECK.version, outcome, "No bad request was answered at all.")
    wrong = {name: kind for name, kind in judged.items() if kind in TOLD}
    shapes = Counter(str(seen.error_shape) for seen in answers if seen.error_shape is not None)
    details = {"requests": judged, "shapes": dict(sorted(shapes.items()))}
    numbers = (1 - len(wrong) / len(judged), None, None, len(judged), "share refused rightly", details)
    if wrong:
        name, kind = next(iter(wrong.items()))
        said = f"It {TOLD[kind]} when a request is bad ({name}; {len(wrong)} of {len(judged)})."
        return Finding(CHECK.name, CHECK.version, Outcome.FAIL, said, *numbers)
    if set(shapes) - {str(ErrorShape.OPENAI)}:
        said = "It refuses bad requests, with a body that is not OpenAI's error object."
        return Finding(CHECK.name, CHECK.version, Outcome.WARN, said, *numbers)
    said = f"It refuses all of {len(judged)} bad requests with a reason."
    return Finding(CHECK.name, CHECK.version, Outcome.PASS, said, *numbers)


CHECK = Check("errors", "1", "Errors", 47, run, needs="nothing", behaviour=True)


def kind_of(seen: Observation) -> str | None:
    """What became of a bad request: "refused", or a key of TOLD; None where nothing was said to it."""
    if seen.ok:
        return "answered"
    if seen.fault in OURS or seen.fault in SILENT:
        return None
    if seen.http_status == 200:
        return "error in a 200" if seen.error_shape is not None else "malformed"
    if seen.fault is Fault.REJECTED:
        return "refused"
    return "server error" if seen.fault is Fault.SERVER_ERROR else "malformed"
