"""Are the parameters of a request obeyed, and not only accepted?

A few ordinary questions are asked with one parameter changed at a time, and the answers are looked at:
at temperature 0, or with a tiny `top_p`, every token must be the likeliest of its own list (without lists:
answers asked for twice must begin alike); draws at temperature 1 must differ; `max_tokens` must end the
answer; a word of the endpoint's own answer given as `stop` must end it there; `n` must give as many answers;
one `seed` must draw the same text twice; a `logit_bias` of +100 must leave nothing but that token; penalties
must change a repetitive text. A parameter that is refused with an error is `unsupported`, which is honest.
One that is accepted and shows no effect is ignored: a failure for those that every application relies on
(`temperature`, `top_p`, `max_tokens`, `stop`), a warning for the others. The reference is put to the same
trials, and what shows no effect there is held against nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from verifier.checks import everyday
from verifier.checks.base import Ask, Dialogue, Finding, Observation, Outcome, Probe
from verifier.checks.parameter_trials import Seen, Verdict, first_round, second_round, verdicts
from verifier.checks.recording import Recorder, Recording
from verifier.checks.registry import Check
from verifier.checks.session import Session

STAGE = "parameters"
CASES = 3
RELIED_ON = ("temperature", "top_p", "max_tokens", "stop")
"""Parameters that must have an effect; the others should."""

Asking = Callable[[Sequence[Probe]], Generator[Ask, Sequence[Observation], list[Observation]]]


def run(session: Session) -> Dialogue:
    """Asks the trials, and judges what the reference is known to obey."""

    def asking(probes: Sequence[Probe]) -> Generator[Ask, Sequence[Observation], list[Observation]]:
        return (yield from session.ask(probes, STAGE, 0))

    cases = everyday.chosen(session.rng("everyday"), session.plan.size(CHECK.name, "cases", CASES))
    lists = session.capabilities.k > 0
    found = yield from _trials(asking, cases, lists)
    reference = session.baseline.behaviour.get(CHECK.name, {}).get("verdicts", {})
    for name, verdict in found.items():
        if verdict is Verdict.IGNORED and reference.get(name) in (Verdict.IGNORED, Verdict.UNCLEAR):
            found[name] = Verdict.UNCLEAR
    return _finding(found)


def record(recorder: Recorder) -> Recording:
    """The same trials of the reference, over all questions."""

    def asking(probes: Sequence[Probe]) -> Generator[Ask, Sequence[Observation], list[Observation]]:
        return list((yield Ask(tuple(probes), STAGE, len(probes))))

    cases = list(range(len(everyday.QUESTIONS)))
    found = yield from _trials(asking, cases, lists=True)
    return {"verdicts": {name: str(verdict) for name, verdict in found.items()}}


CHECK = Check(
    "parameters",
    "1",
    "Parameters",
    40,
    run,
    needs="chat answers; each parameter is judged if it is accepted",
    behaviour=True,
    record=record,
)


def _trials(
    asking: Asking, cases: Sequence[int], lists: bool
) -> Generator[Ask, Sequence[Observation], dict[str, Verdict]]:
    probes = first_round(cases, lists)
    answers = dict(zip((p.key for p in probes), (yield from asking(probes)), strict=True))
    probes = second_round(Seen(cases, answers))
    answers |= dict(zip((p.key for p in probes), (yield from asking(probes)), strict=True))
    return verdicts(Seen(cases, answers))


def _finding(found: Mapping[str, Verdict]) -> Finding:
    def those(verdict: Verdict) -> list[str]:
        return [name for name, one in found.items() if one is verdict]

    ignored, obeyed, refused = those(Verdict.IGNORED), those(Verdict.OBEYED), those(Verdict.REFUSED)
    judged = len(ignored) + len(obeyed)
    details: dict[str, Any] = {"parameters": {name: str(verdict) for name, verdict in found.items()}}
    if not judged:
        said = "None of the parameters could be judged: they were refused, or nothing was answered."
        return Finding(CHECK.name, CHECK.version, Outcome.UNSUPPORTED, said, details=details)
    estimate = len(obeyed) / judged
    if ignored:
        outcome = Outcome.FAIL if set(ignored) & set(RELIED_ON) else Outcome.WARN
        said = f"It accepts {_listed(ignored)} without any effect on the answer."
    else:
        outcome = Outcome.PASS
        said = f"Every parameter that it accepts and that could be judged has its effect ({judged})."
        if refused:
            said += f" It refuses {_listed(refused)}."
    return Finding(
        *(CHECK.name, CHECK.version, outcome, said, estimate),
        n=judged,
        unit="share obeyed",
        details=details,
    )


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
