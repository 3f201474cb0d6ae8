from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from tests.verifier.small_world import session
from tests.verifier.synthetic import Synthetic, converse
from verifier.checks.base import Answer, Fault, Observation, Position, Probe, Purpose, Status
from verifier.checks.session import GIVES_UP_AFTER, Session, Settings, tokens_of


def probe(key: str, *, purpose: Purpose = Purpose.DECISION, tokens: int = 1) -> Probe:
    body = {"messages": [{"role": "user", "content": key}], "max_tokens": tokens, "temperature": 0.0}
    return Probe(key, "chat/completions", body, purpose)


def ask(asking: Session, endpoint: Synthetic, *keys: str, **options: Any) -> list[Observation]:
    return converse(asking.ask([probe(key, **options) for key in keys], "asking", 0), endpoint)


def test_answers_come_in_the_order_of_the_probes_and_nothing_is_asked_twice() -> None:
    asking, endpoint = session(), Synthetic()
    first = ask(asking, endpoint, "a", "b")
    second = ask(asking, endpoint, "c", "b", "a")
    assert [o.key for o in first + second] == ["a", "b", "c", "b", "a"]
    assert [sent.key for sent in endpoint.asked] == ["a", "b", "c"]
    assert second[1:] == first[::-1]
    assert asking.requests == 3


def test_when_all_is_known_nothing_is_yielded() -> None:
    asking, endpoint = session(), Synthetic()
    ask(asking, endpoint, "a")
    assert list(asking.ask([probe("a")], "asking", 0)) == []


def test_what_was_planned_grows_with_what_is_asked() -> None:
    asking = session()
    step = next(asking.ask([probe("a"), probe("b")], "deciding", 1))
    assert (step.stage, step.planned, len(step.probes)) == ("deciding", 2, 2)
    assert next(asking.ask([probe("a")], "deciding", 100)).planned == 100


def test_beyond_the_token_budget_nothing_is_sent() -> None:
    asking, endpoint = session(max_tokens=3), Synthetic()
    seen = ask(asking, endpoint, "a", "b", "c", "d", "e")
    assert [o.fault for o in seen] == [None, None, None, Fault.BUDGET, Fault.BUDGET]
    assert len(endpoint.asked) == 3
    assert all(o.attempts == 0 and o.status is Status.ERROR for o in seen[3:])
    assert asking.completion_tokens() == 3
    assert not asking.can_afford([probe("f")])
    assert "e" not in asking.observations, "what was not sent is no observation"


def test_a_longer_answer_is_booked_before_it_is_asked_for() -> None:
    asking = session(max_tokens=10)
    assert asking.can_afford([probe("a", tokens=10)])
    assert not asking.can_afford([probe("a", tokens=11)])
    assert not asking.can_afford([probe("a", tokens=6), probe("b", tokens=6)])


def test_beyond_the_request_budget_nothing_is_sent_and_retries_count() -> None:
    asking, endpoint = session(max_requests=4), Synthetic()
    retried = Observation("a", Status.OK, Answer("x"), attempts=3)
    dialogue = asking.ask([probe("a")], "asking", 0)
    next(dialogue)
    with pytest.raises(StopIteration):
        dialogue.send([retried])
    assert asking.requests == 3
    ask(asking, endpoint, "b", "c")
    assert [sent.key for sent in endpoint.asked] == ["b"]


def test_a_server_that_sends_more_than_asked_uses_up_the_budget() -> None:
    asking, endpoint = session(max_tokens=20), Synthetic(extra_tokens=9)
    ask(asking, endpoint, "a")
    ask(asking, endpoint, "b")
    assert asking.completion_tokens() == 20
    assert ask(asking, endpoint, "c")[0].fault is Fault.BUDGET


def test_after_so_many_failures_in_a_row_the_endpoint_is_down() -> None:
    asking, endpoint = session(), Synthetic(dies_after=2)
    keys = [f"k{i}" for i in range(2 + GIVES_UP_AFTER)]
    ask(asking, endpoint, *keys[:-1])
    before = asking.down
    ask(asking, endpoint, keys[-1])
    assert (before, asking.down) == (False, True)
    sent = len(endpoint.asked)
    assert ask(asking, endpoint, "more")[0].fault is Fault.BUDGET
    assert len(endpoint.asked) == sent


def test_an_answer_in_between_means_it_is_up() -> None:
    asking, endpoint, failing = session(), Synthetic(), Synthetic(fails=1.0)
    for i in range(5):
        ask(asking, failing, *[f"f{i}.{j}" for j in range(GIVES_UP_AFTER - 1)])
        ask(asking, endpoint, f"ok{i}")
    assert not asking.down
    assert asking.count(Status.FAULTY) == 5 * (GIVES_UP_AFTER - 1)
    assert asking.count(Status.OK) == 5


def test_our_own_unsent_requests_are_no_failures_of_the_endpoint() -> None:
    asking = session()
    unsent = [
        Observation(f"k{i}", Status.ERROR, fault=Fault.INTERNAL, attempts=0)
        for i in range(2 * GIVES_UP_AFTER)
    ]
    dialogue = asking.ask([probe(o.key) for o in unsent], "asking", 0)
    next(dialogue)
    with pytest.raises(StopIteration):
        dialogue.send(unsent)
    assert not asking.down
    assert asking.interrupted
    assert asking.requests == 0


def test_tokens_are_booked_by_purpose() -> None:
    asking, endpoint = session(), Synthetic()
    ask(asking, endpoint, "a", "b", purpose=Purpose.CAPABILITY)
    ask(asking, endpoint, "c", tokens=3)
    assert asking.completion_tokens(Purpose.CAPABILITY) == 2
    assert asking.completion_tokens(Purpose.DECISION) == 3
    assert asking.completion_tokens(Purpose.ESTIMATION) == 0
    assert asking.completion_tokens() == 5
    assert asking.prompt_tokens == 2 + 2 + 2


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        (None, 0),
        (Answer("x", completion_tokens=7), 7),
        (Answer("x", (Position(b"x", 0.0), Position(b"y", 0.0))), 2),
        (Answer("x"), 1),
        (Answer(""), 0),
        (Answer("", (), completion_tokens=0), 0),
    ],
)
def test_tokens_of_an_answer_are_what_was_counted_else_what_was_seen(
    answer: Answer | None, tokens: int
) -> None:
    assert tokens_of(Observation("k", Status.OK, answer)) == tokens


def test_each_check_draws_its_own_and_seeds_change_the_draw() -> None:
    def draw(seed: int, check: str) -> Sequence[int]:
        return [int(x) for x in session(seed=seed).rng(check).integers(0, 10**6, 5)]

    assert draw(1, "a") == draw(1, "a")
    assert len({tuple(draw(seed, check)) for seed in (0, 1, 2) for check in ("a", "b", "ab")}) == 9


@pytest.mark.parametrize(
    "changes",
    [
        {"alpha": 0.0}, {"alpha": 0.5}, {"alpha": 2.0}, {"alpha": -1.0}, {"alpha": math.nan},
        {"max_tokens": 0}, {"max_tokens": -5}, {"max_requests": 0}, {"estimation_prompts": 0},
        {"max_tokens": 1.5}, {"max_tokens": True}, {"seed": -1}, {"seed": 1.0}, {"estimation_prompts": None},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(changes))}|error rate"):
        Settings(**changes)


def behaviour(key: str, text: str, asking: int = 0) -> Probe:
    body = {"messages": [{"role": "user", "content": text}], "max_tokens": 1, "temperature": 0.0}
    return Probe(key, "chat/completions", body, Purpose.BEHAVIOUR, asking=asking)


def test_behaviour_is_read_off_an_answer_that_the_same_request_has_had() -> None:
    asking, endpoint = session(), Synthetic()
    ask(asking, endpoint, "a")
    probes = [behaviour("b", "a"), behaviour("c", "other"), behaviour("d", "a", asking=1)]
    seen = converse(asking.ask(probes, "asking", 0), endpoint)
    assert [sent.key for sent in endpoint.asked] == ["a", "c", "d"], "a repeat that is the question is asked"
    assert seen[0] == asking.observations["a"]
    assert asking.requests == 3


def test_a_decision_is_never_read_off_another_question() -> None:
    asking, endpoint = session(), Synthetic()
    converse(asking.ask([behaviour("b", "a")], "asking", 0), endpoint)
    ask(asking, endpoint, "a")
    assert [sent.key for sent in endpoint.asked] == ["b", "a"]
