from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.publication import (
    Awaits,
    Evidence,
    Standing,
    chain,
    needed,
    product,
    shown,
    standings,
)
from tests.leaderboard.factories import result
from tests.strategies import DETERMINISTIC
from verifier.scoring import policy
from verifier.stats.e_bh import e_bh

FDR = 0.05
e_values = st.one_of(st.floats(0, 1e4), st.sampled_from([0.0, 1.0, 20.0, 100.0, 1e300]))
verdicts = st.sampled_from(["faithful", "deviating", "different-model", "inconclusive"])
runs = st.lists(
    st.builds(
        Evidence,
        run=st.uuids().map(str),
        verdict=verdicts,
        e_value=e_values,
        baseline=st.sampled_from("ab"),
        confirms=st.booleans(),
        present=st.booleans(),
    ),
    max_size=4,
)
fields = st.dictionaries(st.uuids().map(str), runs, min_size=1, max_size=12)


def run(name: str, verdict: str = "deviating", e_value: float = 1.0, **kwargs: Any) -> Evidence:
    return Evidence(name, verdict, e_value, **kwargs)


def field(others: int = 0, **named: list[Evidence]) -> dict[str, list[Evidence]]:
    return {**named, **{f"other {number}": [] for number in range(others)}}


@DETERMINISTIC
@given(st.lists(e_values, min_size=1, max_size=12), st.data())
def test_what_is_needed_is_just_enough(values: list[float], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    enough = needed(values, index, FDR)
    assert index in e_bh([*values[:index], enough, *values[index + 1 :]], FDR)
    short = math.nextafter(enough, 0.0)
    assert index not in e_bh([*values[:index], short, *values[index + 1 :]], FDR)


@DETERMINISTIC
@given(fields)
def test_only_what_is_rejected_among_all_is_published_as_an_accusation(
    endpoints: dict[str, list[Evidence]],
) -> None:
    found = standings(endpoints, FDR)
    by_run = {one.run: one for known in endpoints.values() for one in known}
    accused = {
        key: by_run[standing.run]
        for key, standing in found.items()
        if standing.awaits is None and by_run[standing.run].verdict in policy.ACCUSING
    }
    products = {key: product(chain(endpoints[key])) for key in accused}
    # e-BH's own promise: the k accused each have at least N / (fdr k).
    assert all(value >= len(endpoints) / (FDR * len(accused)) * (1 - 1e-12) for value in products.values())
    assert set(found) == {key for key, known in endpoints.items() if known}
    for standing in found.values():
        if standing.awaits is not None:
            assert by_run[standing.run].verdict in policy.ACCUSING
            assert standing.awaits.e_value < standing.awaits.needed
            assert standing.awaits.among == len(endpoints)


@DETERMINISTIC
@given(fields, st.randoms(use_true_random=False))
def test_the_order_of_endpoints_says_nothing(endpoints: dict[str, list[Evidence]], random: Any) -> None:
    keys = list(endpoints)
    random.shuffle(keys)
    assert standings({key: endpoints[key] for key in keys}, FDR) == standings(endpoints, FDR)


def test_a_lone_accusation_among_many_takes_twenty_times_as_many() -> None:
    enough = standings(field(29, one=[run("r", e_value=600.0)]))
    assert enough["one"] == Standing("r")
    short = standings(field(29, one=[run("r", e_value=599.0)]))
    assert short["one"] == Standing("r", Awaits(599.0, 600.0, 30))


def test_several_accusations_carry_each_other() -> None:
    found = standings(
        field(28, one=[run("a", e_value=320.0)], two=[run("b", "different-model", e_value=301.0)])
    )
    assert found == {"one": Standing("a"), "two": Standing("b")}
    found = standings(field(28, one=[run("a", e_value=320.0)], two=[run("b", e_value=299.0)]))
    assert found["one"].awaits == Awaits(320.0, 600.0, 30)
    found = standings(field(28, one=[run("a", e_value=700.0)], two=[run("b", e_value=200.0)]))
    assert found["one"].awaits is None
    assert found["two"].awaits == Awaits(200.0, 300.0, 30)


def test_a_confirming_run_multiplies_its_evidence_in() -> None:
    first, second = run("first", e_value=150.0), run("second", e_value=110.0, confirms=True)
    assert standings(field(29, one=[second, first]))["one"] == Standing("second")
    alone = standings(field(29, one=[run("second", e_value=110.0), first]))["one"]
    assert alone.awaits == Awaits(110.0, 600.0, 30), "a run that nobody asked to confirm begins anew"
    contrary = standings(field(29, one=[run("second", e_value=0.5, confirms=True), first]))["one"]
    assert contrary.awaits == Awaits(75.0, 600.0, 30)


def test_an_undecided_confirmation_leaves_the_word_to_the_run_it_confirms_if_both_are_enough() -> None:
    first = run("first", e_value=300.0)
    enough = run("second", "inconclusive", e_value=3.0, confirms=True)
    assert standings(field(29, one=[enough, first]))["one"] == Standing("first")
    short = run("second", "inconclusive", e_value=0.5, confirms=True)
    assert standings(field(29, one=[short, first]))["one"] == Standing("second")
    other = run("second", "faithful", e_value=1e-9, confirms=True)
    assert standings(field(29, one=[other, first]))["one"] == Standing("second")


@pytest.mark.parametrize(
    "before",
    [run("first", e_value=500.0, baseline="another"), run("first", e_value=500.0, present=False)],
    ids=["another baseline", "before the endpoint changed"],
)
def test_runs_of_something_else_do_not_count(before: Evidence) -> None:
    newest = run("second", e_value=110.0, confirms=True)
    assert chain([newest, before]) == (newest,)
    moved = run("second", e_value=110.0, present=False)
    assert chain([moved]) == (moved,), "the newest run speaks until there is a newer one"


def test_nobody_listed_and_nobody_measured() -> None:
    assert standings({}) == {}
    assert standings(field(3)) == {}


def test_products_stay_numbers() -> None:
    assert product([run("a", e_value=1e300), run("b", e_value=1e300), run("c", e_value=0.0)]) == 0.0
    assert product([run("a", e_value=1e300)] * 3) == 1e300
    assert product([]) == 1.0


def test_false_accusations_are_rare_among_honest_endpoints() -> None:
    """Honest endpoints whose e-values have mean 1 and the heaviest tail; confirmed as the server does."""
    rng = np.random.default_rng(5)
    fields, size, wrong = 400, 30, 0

    def e_value() -> float:
        # 100 with probability 1 %: of mean 1, and accusing at alpha = 1 %.
        return 100.0 if rng.random() < 0.01 else 0.0

    for _ in range(fields):
        endpoints: dict[str, list[Evidence]] = {}
        for number in range(size):
            first = e_value()
            known = [run(f"{number}", "deviating" if first >= 100 else "inconclusive", first)]
            while len(known) < 3 and known[0].verdict == "deviating" and product(chain(known)) < size / FDR:
                again = e_value()
                word = "deviating" if again >= 100 else "inconclusive"
                known.insert(0, run(f"{number}/{len(known)}", word, again, confirms=True))
            endpoints[str(number)] = known
        accused = [
            key
            for key, standing in standings(endpoints).items()
            if standing.awaits is None
            and next(r for r in endpoints[key] if r.run == standing.run).verdict == "deviating"
        ]
        wrong += bool(accused)
    assert wrong / fields <= FDR


def test_what_awaits_confirmation_accuses_of_nothing() -> None:
    common = {"k": 5, "value": 98.1, "low": 97.7, "high": 98.5, "honest_band": {}, "ladder": {"nearest": {}}}
    own = result(
        cause={"name": "kv-cache quantization", "support": 0.97, "evidence": "It answers as it does."},
        fingerprint={"variant": "KV cache q4_0", "support": 0.97},
        fidelity_common=common,
    )
    made = shown(own, {"e_value": 150.0, "needed": 600.0, "among": 30})
    assert made["verdict"] == "inconclusive"
    assert made["awaits"] == {"e_value": 150.0, "needed": 600.0, "among": 30}
    assert (made["cause"], made["fingerprint"], made["ladder"]["nearest"]) == (None, None, None)
    assert made["fidelity_common"]["ladder"]["nearest"] is None
    assert made["declaration"] == {"declared": "bf16", "measured": None, "state": "unknown"}
    assert made["fidelity"] == own["fidelity"]
    assert made["ladder"]["rungs"] == own["ladder"]["rungs"]
    assert own["verdict"] == "deviating", "the run's own result is left alone"
    assert shown(own, None) is own
    bare = shown({"verdict": "deviating", "declaration": None}, {"e_value": 1, "needed": 2, "among": 3})
    assert bare["declaration"]["state"] == "undeclared"
    assert bare["ladder"] is None
