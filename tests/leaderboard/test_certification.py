"""The state machine: every path, and what must never be one. Then a hundred honest days, and a swap."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.certification import (
    ENDED,
    RENEWED_WITHIN,
    RIGHT_OF_REPLY,
    SAID,
    TRANSITIONS,
    VALID_FOR,
    Facts,
    Held,
    IllegalStep,
    Measured,
    Reason,
    State,
    Step,
    next_step,
    require,
)
from leaderboard.publication import Evidence, standings
from tests.verifier.small_world import HONEST, INT4, baseline, verify
from tests.verifier.synthetic import Synthetic
from verifier.stats.e_detector import EDetector, threshold_for

START = datetime(2030, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def held(state: State, moved: datetime = START) -> Held:
    return Held(state, moved, START + VALID_FOR)


def run(verdict: str, ended: datetime, *, name: str = "r", asked: datetime | None = None) -> Measured:
    return Measured(name, verdict, asked or ended - HOUR, ended)


def facts(*runs: Measured, now: datetime | None = None, **known: object) -> Facts:
    return replace(Facts(now or START + 10 * DAY, runs), **known)  # type: ignore[arg-type]


def step(state: State, known: Facts) -> tuple[State, Reason] | None:
    found = next_step(held(state), known)
    if found is not None:
        require(state, found.to)
    return None if found is None else (found.to, found.reason)


LATER = START + DAY


@pytest.mark.parametrize(
    ("state", "known", "expected"),
    [
        (State.PENDING, facts(), None),
        (State.PENDING, facts(run("faithful", LATER)), (State.CERTIFIED, Reason.FAITHFUL)),
        (State.PENDING, facts(run("deviating", LATER)), None),
        (State.PENDING, facts(run("faithful", LATER), run("deviating", LATER + HOUR)), None),
        (State.PENDING, facts(run("faithful", LATER), run("inconclusive", LATER + HOUR)),
         (State.CERTIFIED, Reason.FAITHFUL)),
        (State.CERTIFIED, facts(), None),
        (State.CERTIFIED, facts(run("deviating", LATER)), (State.WATCH, Reason.ACCUSED)),
        (State.CERTIFIED, facts(run("different-model", LATER)), (State.WATCH, Reason.ACCUSED)),
        (State.CERTIFIED, facts(run("deviating", START)), None),
        (State.CERTIFIED, facts(alarmed=LATER), (State.WATCH, Reason.ALARM)),
        (State.CERTIFIED, facts(alarmed=START), None),
        (State.CERTIFIED, facts(run("faithful", LATER)), None),
        (State.CERTIFIED, facts(run("faithful", START + VALID_FOR - RENEWED_WITHIN)),
         (State.CERTIFIED, Reason.RENEWED)),
        (State.WATCH, facts(), None),
        (State.WATCH, facts(run("faithful", LATER)), (State.CERTIFIED, Reason.CLEARED)),
        (State.WATCH, facts(run("deviating", LATER)), None),
        (State.WATCH, facts(run("deviating", LATER), accused_by="r"), (State.SUSPENDED, Reason.CONFIRMED)),
        (State.WATCH, facts(run("deviating", LATER, asked=START - HOUR), accused_by="r"), None),
        (State.WATCH, facts(run("deviating", LATER), accused_by="older"), None),
        (State.WATCH, facts(run("deviating", LATER), run("inconclusive", LATER + HOUR, name="s"),
                            accused_by="r"), (State.SUSPENDED, Reason.CONFIRMED)),
        (State.SUSPENDED, facts(run("faithful", LATER)), None),
        (State.SUSPENDED, facts(now=START + RIGHT_OF_REPLY), (State.REVOKED, Reason.NOT_CORRECTED)),
        (State.SUSPENDED, facts(now=START + RIGHT_OF_REPLY, objection=True), None),
        (State.CERTIFIED, facts(changed=LATER), (State.REVOKED, Reason.OTHER_DEPLOYMENT)),
        (State.CERTIFIED, facts(changed=START - DAY), None),
        (State.PENDING, facts(changed=LATER), None),
        (State.PENDING, facts(listed=False), None),
        (State.WATCH, facts(listed=False), (State.REVOKED, Reason.WITHDRAWN)),
        *((state, facts(now=START + VALID_FOR), (State.EXPIRED, Reason.TIME_OVER))
          for state in (State.PENDING, State.CERTIFIED, State.WATCH)),
        (State.CERTIFIED, facts(run("faithful", START + VALID_FOR - HOUR), now=START + VALID_FOR + HOUR),
         (State.CERTIFIED, Reason.RENEWED)),
        (State.CERTIFIED, facts(run("deviating", START + VALID_FOR - HOUR), now=START + VALID_FOR + HOUR),
         (State.EXPIRED, Reason.TIME_OVER)),
        (State.REVOKED, facts(run("faithful", LATER)), None),
        (State.EXPIRED, facts(run("faithful", LATER)), None),
    ],
)  # fmt: skip
def test_what_follows_from_what(state: State, known: Facts, expected: tuple[State, Reason] | None) -> None:
    assert step(state, known) == expected


def test_a_certificate_lasts_as_long_as_its_evidence() -> None:
    found = next_step(held(State.PENDING), facts(run("faithful", LATER)))
    assert found == Step(State.CERTIFIED, Reason.FAITHFUL, LATER, LATER + VALID_FOR, "r")
    watch = next_step(held(State.CERTIFIED), facts(alarmed=LATER))
    assert watch is not None
    assert watch.expires == START + VALID_FOR, "a doubt renews nothing"


def test_every_reason_has_words_and_every_step_is_in_the_table() -> None:
    assert set(SAID) == set(Reason)
    assert {State.REVOKED, State.EXPIRED} == ENDED
    with pytest.raises(IllegalStep, match="revoked can't become certified"):
        require(State.REVOKED, State.CERTIFIED)
    assert set(TRANSITIONS) == set(State)


def test_a_suspension_does_not_outlive_the_evidence_either() -> None:
    known = facts(now=START + VALID_FOR + DAY)
    assert step(State.SUSPENDED, known) == (State.EXPIRED, Reason.TIME_OVER)


SAYS_NOTHING = st.sampled_from(["not-measured", "insufficient-access", "inconclusive", ""])


@given(
    st.sampled_from([state for state in State if state not in ENDED]),
    st.lists(st.tuples(SAYS_NOTHING, st.integers(1, 60)), max_size=12),
)
def test_our_failures_and_what_could_not_be_measured_move_nothing(
    state: State, runs: list[tuple[str, int]]
) -> None:
    told = [run(verdict, START + hours * HOUR) for verdict, hours in sorted(runs, key=lambda one: one[1])]
    assert next_step(held(state), facts(*told, now=START + 3 * DAY)) is None


VERDICTS = st.sampled_from(["faithful", "deviating", "different-model", "inconclusive", "not-measured"])


@given(st.lists(st.tuples(VERDICTS, st.booleans(), st.booleans()), max_size=30))
def test_nobody_is_suspended_without_a_published_accusation_of_a_run_asked_for_in_doubt(
    days: list[tuple[str, bool, bool]],
) -> None:
    now, runs, holds = START, list[Measured](), held(State.PENDING)
    for verdict, published, alarm in days:
        now += DAY
        runs.append(run(verdict, now, name=f"r{len(runs)}"))
        known = Facts(now, tuple(runs), runs[-1].run if published else None, alarmed=now if alarm else None)
        while (found := next_step(holds, known)) is not None:
            require(holds.state, found.to)
            if found.to is State.SUSPENDED:
                by = next(one for one in runs if one.run == found.run)
                assert holds.state is State.WATCH
                assert published
                assert by.asked >= holds.moved
            assert found.happened <= now
            holds = Held(found.to, found.happened, found.expires)


# A hundred days. Looks, deep runs, detector, publication and state machine are the real ones; only the
# endpoint is made up, and time is a number.


@cache
def pool(noise: float) -> tuple[float, ...]:
    """The deviations that an endpoint's looks find, prompt by prompt, over the whole suite."""
    endpoint = Synthetic(noise=noise, stack="watched")
    scores: list[float] = []
    for start in range(0, 150, 8):
        found = verify(endpoint, seed=3, start=start, decide_only=True, max_requests=16)
        scores += found["decision_scores"]
    return tuple(scores)


@cache
def deep(noise: float, seed: int) -> tuple[str, float]:
    """Verdict of a deep run, and the e-value of its accusation."""
    found = verify(Synthetic(noise=noise, stack="watched"), seed=seed)
    return found["verdict"], found["e_values"]["accusation_now"]


class Watched:
    """One endpoint with its certificate, its detector and its clock."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.now, self.noise = START, HONEST
        found = verify(Synthetic(noise=HONEST, stack="watched"), seed=1)
        self.delta = float(found["honest_band"]["delta"])
        self.detector = EDetector(self.delta, threshold_for(24))
        self.runs: list[Measured] = []
        self.evidence: list[Evidence] = []
        self.alarmed: datetime | None = None
        self.holds = held(State.PENDING)
        self.path: list[tuple[State, Reason]] = []
        self.looks = 0

    def hour(self) -> None:
        """One look of one prompt; a deep run a week."""
        self.now += HOUR
        self.looks += 1
        if self.detector.update(float(self.rng.choice(pool(self.noise)))):
            self.detector, self.alarmed = EDetector(self.delta, threshold_for(24)), self.now
        self.review()
        if self.holds.state is State.WATCH or self.looks % (7 * 24) == 1:
            self.measure()

    def measure(self) -> None:
        asked = self.now
        self.now += timedelta(minutes=5)
        verdict, e_value = deep(self.noise, int(self.rng.integers(4)))
        name = f"r{len(self.runs)}"
        self.runs.append(Measured(name, verdict, asked, self.now))
        self.evidence.insert(0, Evidence(name, verdict, e_value))
        self.review()

    def review(self) -> None:
        others = {str(number): [Evidence("x", "faithful", 0.1)] for number in range(30)}
        standing = standings({"it": self.evidence[:6], **others}).get("it")
        accused = standing.run if standing and standing.awaits is None else None
        known = Facts(self.now, tuple(self.runs[-6:]), accused, self.alarmed)
        while (found := next_step(self.holds, known)) is not None:
            self.holds = Held(found.to, found.happened, found.expires)
            self.path.append((found.to, found.reason))


@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_honest_days_at_hourly_looks_end_with_the_certificate_renewed(seed: int) -> None:
    endpoint = Watched(seed)
    for _ in range(100 * 24):
        endpoint.hour()
    assert endpoint.looks == 2400
    assert (State.SUSPENDED, Reason.CONFIRMED) not in endpoint.path
    assert endpoint.holds.state is State.CERTIFIED
    assert endpoint.path[0] == (State.CERTIFIED, Reason.FAITHFUL)
    assert (State.CERTIFIED, Reason.RENEWED) in endpoint.path


def test_a_swap_after_honest_months_is_watched_confirmed_and_suspended_within_two_days() -> None:
    assert baseline().stacks, "the band is the honest stacks'"
    endpoint = Watched(1)
    for _ in range(50 * 24):
        endpoint.hour()
    endpoint.path.clear()
    swapped, endpoint.noise = endpoint.now, INT4
    while endpoint.holds.state is not State.SUSPENDED:
        endpoint.hour()
        assert endpoint.now < swapped + 2 * DAY
    assert [state for state, _ in endpoint.path] == [State.WATCH, State.SUSPENDED]
    assert endpoint.path[-1][1] is Reason.CONFIRMED
