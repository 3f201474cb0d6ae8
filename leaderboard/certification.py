"""The life of a certificate: which step follows from which facts. Pure: data in, data out.

    pending -> certified <-> watch -> suspended -> revoked
    and from each of them, when its time is over, -> expired

Nothing is decided by how often somebody looked: a look of the monitor moves nothing, only its alarm does
(verifier.stats.e_detector), and an alarm only has a deep run made that stands for itself. Nothing is decided
by our own failures or by what could not be measured either: runs without a verdict are not among the facts.
A suspension takes two things at once: a deep run asked for after the doubt arose accuses, and its accusation
is published, which means that it holds among all listed endpoints (leaderboard.publication).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from verifier.scoring import policy

VALID_FOR = timedelta(days=90)
"""From the evidence that a certificate stands on to its end."""
RENEWED_WITHIN = timedelta(days=30)
"""Before its end, fresh evidence renews it."""
RIGHT_OF_REPLY = timedelta(days=30)
"""From a suspension to its revocation, while no objection is open."""


class State(StrEnum):
    """Where a certificate is in its life."""

    PENDING = "pending"
    CERTIFIED = "certified"
    WATCH = "watch"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Reason(StrEnum):
    """Why a certificate moved; `SAID` has it in words."""

    REQUESTED = "requested"
    FAITHFUL = "faithful"
    RENEWED = "renewed"
    ALARM = "alarm"
    ACCUSED = "accused"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    NOT_CORRECTED = "not-corrected"
    TIME_OVER = "time-over"
    OTHER_DEPLOYMENT = "other-deployment"
    WITHDRAWN = "withdrawn"
    OPERATOR = "operator"


SAID: Mapping[Reason, str] = {
    Reason.REQUESTED: "A certificate was asked for; the next deep run that finds it faithful grants it.",
    Reason.FAITHFUL: "A deep run found it faithful.",
    Reason.RENEWED: "Fresh evidence: another deep run found it faithful.",
    Reason.ALARM: "The monitor gave an alarm; a deep run is to tell whether anything changed.",
    Reason.ACCUSED: "A run speaks of a deviation; an independent deep run is to confirm it or not.",
    Reason.CLEARED: "The deep run found it faithful: nothing is held against it.",
    Reason.CONFIRMED: "A deep run confirmed the deviation, and it holds among all listed endpoints.",
    Reason.CORRECTED: "An objection was right: the finding against it is superseded.",
    Reason.NOT_CORRECTED: f"No objection corrected the suspension within {RIGHT_OF_REPLY.days} days.",
    Reason.TIME_OVER: "Its evidence is too old, and nothing renewed it.",
    Reason.OTHER_DEPLOYMENT: "Its address or model id changed: the evidence is of another deployment.",
    Reason.WITHDRAWN: "It was withdrawn by those who asked for it, or the endpoint is no longer listed.",
    Reason.OPERATOR: "The operator revoked it.",
}

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CERTIFIED, State.REVOKED, State.EXPIRED}),
    # To itself: renewed.
    State.CERTIFIED: frozenset({State.CERTIFIED, State.WATCH, State.REVOKED, State.EXPIRED}),
    State.WATCH: frozenset({State.CERTIFIED, State.SUSPENDED, State.REVOKED, State.EXPIRED}),
    # Back only where an objection was right: whoever mended the endpoint asks for a new certificate.
    State.SUSPENDED: frozenset({State.CERTIFIED, State.REVOKED, State.EXPIRED}),
    State.REVOKED: frozenset(),
    State.EXPIRED: frozenset(),
}
ENDED = frozenset(state for state, targets in TRANSITIONS.items() if not targets)
HOLDS = frozenset({State.CERTIFIED, State.WATCH})
"""While a doubt is only that, the certificate goes on holding, and says so."""


class IllegalStep(Exception):
    """Somebody asked for a step that the table does not allow."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate as it stands. `moved`: when that happened which brought it into its state.

    What came before cannot move it on. `expires` is set from the first; a request expires as well.
    """

    state: State
    moved: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """A complete deep run that measured the present deployment. `asked`: when it was queued."""

    run: str
    verdict: str
    asked: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the endpoint. `runs` come oldest first.

    `accused_by` is the run whose accusation is published; `alarmed` when the monitor last gave an alarm,
    `changed` when the endpoint last became another deployment; `objection`: one is open.
    """

    now: datetime
    runs: tuple[Measured, ...] = ()
    accused_by: str | None = None
    alarmed: datetime | None = None
    changed: datetime | None = None
    listed: bool = True
    objection: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: where to, why, because of which run, and when that happened."""

    to: State
    reason: Reason
    happened: datetime
    expires: datetime
    run: str | None = None


def next_step(held: Held, facts: Facts) -> Step | None:
    """The step that follows from the facts, or None. Asked again after each step until there is none."""
    if held.state in ENDED:
        return None
    if held.state is not State.PENDING and facts.changed is not None and facts.changed > held.moved:
        return Step(State.REVOKED, Reason.OTHER_DEPLOYMENT, facts.changed, held.expires)
    if held.state is not State.PENDING and not facts.listed:
        return Step(State.REVOKED, Reason.WITHDRAWN, facts.now, held.expires)
    step = _BY_STATE[held.state](held, facts)
    # What renews it in its last hour is heard of a little later, and still renews it.
    if facts.now >= held.expires and (step is None or step.expires <= facts.now):
        return Step(State.EXPIRED, Reason.TIME_OVER, held.expires, held.expires)
    return step


def require(now: State, to: State) -> None:
    """Raise IllegalStep unless a certificate that is `now` may become `to`."""
    if to not in TRANSITIONS[now]:
        raise IllegalStep(f"A certificate that is {now} can't become {to}.")


def _pending(held: Held, facts: Facts) -> Step | None:
    newest = _newest(facts)
    return _granted(newest, Reason.FAITHFUL) if newest and newest.verdict == "faithful" else None


def _certified(held: Held, facts: Facts) -> Step | None:
    newest = _newest(facts, after=held.moved)
    if newest is not None and newest.verdict in policy.ACCUSING:
        return Step(State.WATCH, Reason.ACCUSED, newest.ended, held.expires, newest.run)
    if facts.alarmed is not None and facts.alarmed > held.moved:
        return Step(State.WATCH, Reason.ALARM, facts.alarmed, held.expires)
    if newest is None or newest.verdict != "faithful" or newest.ended < held.expires - RENEWED_WITHIN:
        return None
    return _granted(newest, Reason.RENEWED)


def _watch(held: Held, facts: Facts) -> Step | None:
    """Only runs asked for since the doubt arose count: an older one may have measured what was before."""
    asked = [run for run in facts.runs if run.asked >= held.moved and _conclusive(run)]
    if not asked:
        return None
    newest = asked[-1]
    if newest.verdict == "faithful":
        return _granted(newest, Reason.CLEARED)
    if facts.accused_by in {run.run for run in asked}:
        return Step(State.SUSPENDED, Reason.CONFIRMED, newest.ended, held.expires, facts.accused_by)
    return None


def _suspended(held: Held, facts: Facts) -> Step | None:
    if facts.objection or facts.now < held.moved + RIGHT_OF_REPLY:
        return None
    return Step(State.REVOKED, Reason.NOT_CORRECTED, held.moved + RIGHT_OF_REPLY, held.expires)


_BY_STATE = {
    State.PENDING: _pending,
    State.CERTIFIED: _certified,
    State.WATCH: _watch,
    State.SUSPENDED: _suspended,
}


def _conclusive(run: Measured) -> bool:
    return run.verdict == "faithful" or run.verdict in policy.ACCUSING


def _newest(facts: Facts, after: datetime | None = None) -> Measured | None:
    """The newest conclusive run, if it ended after that moment."""
    found = next((run for run in reversed(facts.runs) if _conclusive(run)), None)
    return found if found is not None and (after is None or found.ended > after) else None


def _granted(run: Measured, reason: Reason) -> Step:
    return Step(State.CERTIFIED, reason, run.ended, run.ended + VALID_FOR, run.run)
