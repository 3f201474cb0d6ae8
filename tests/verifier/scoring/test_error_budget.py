from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.scoring.error_budget_fixture import document
from verifier.scoring import error_budget
from verifier.scoring.error_budget import Reach, Tokens, load, parse

Change = Callable[[dict[str, Any]], object]


def test_without_a_file_nothing_has_been_measured(tmp_path: Path) -> None:
    assert load(tmp_path / "error_budget.json") is None


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "error_budget.json"
    path.write_text(json.dumps(document()), "utf-8")
    found = load(path)
    assert found is not None
    assert found == parse(document())
    assert (found.made_by, found.alpha, found.seeds, found.made_at.hour) == ("make bench-power", 0.01, 20, 22)
    first = found.detection[0]
    assert (first.tokens, first.reach, first.rate, first.held) == (Tokens(3, 5, 6), Reach(8, 0.9), 1.0, True)
    assert found.totals["logprobs"].runs_upper == 0.00329
    assert found.causes["text"]["weight quantization"]["none named"] == 6
    assert [peer.tokens_for_90 for peer in found.peers] == [4000, None]
    assert found.monitoring is not None
    assert found.monitoring.delay == Tokens(12, 18, 25)


def test_a_reach_is_held_by_the_runs_inside_it() -> None:
    held = {(row.deployment, row.evidence): row.held for row in parse(document()).detection}
    assert held["q8_0", "text"] is False, "17 of 20 are fewer than 90 %"
    assert held["kv-q8_0", "text"] is None, "nothing was promised"


def test_what_is_not_yet_measured_may_be_missing() -> None:
    found = parse({**document(), "peers": [], "monitoring": None, "detection": [], "causes": {}})
    assert (found.peers, found.monitoring, found.detection, found.causes) == ((), None, (), {})


def test_the_file_shipped_with_assay_is_sound_if_there_is_one() -> None:
    found = load()
    assert (found is not None) == error_budget.PATH.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(assay_error_budget=2), "assay_error_budget must be 1"),
        (lambda d: d.pop("honest"), "the file lacks 'honest'"),
        (lambda d: d.update(made_at="yesterday"), "made_at must be a date"),
        (lambda d: d.update(made_at="2026-11-24T22:10:00"), "made_at must say its offset"),
        (lambda d: d.update(made_by=" "), "made_by must be a text"),
        (lambda d: d.update(seeds=0), "seeds must be a whole number of at least 1"),
        (lambda d: d.update(seeds=True), "seeds must be a whole number"),
        (lambda d: d.update(alpha="1 %"), "alpha must be a number"),
        (lambda d: d.update(alpha=float("nan")), "alpha must be finite"),
        (lambda d: d.update(versions=["1"]), "versions must be an object"),
        (lambda d: d.update(peers={}), "peers must be a list"),
        (lambda d: d["detection"][2].update(detected=21), r"detection\[2\].detected is 21, which is more"),
        (lambda d: d["detection"][0].update(low=-0.1), r"detection\[0\].low must be finite and not negative"),
        (lambda d: d["detection"][0].update(high=1.1), r"detection\[0\].high must lie between 0 and 1"),
        (lambda d: d["detection"][0].update(high=0.9), "20 of 20 must lie in its interval"),
        (lambda d: d["detection"][0].update(evidence="smell"), "is of no known evidence"),
        (lambda d: d["detection"][0].update(tokens=None), "null exactly when nothing was detected"),
        (lambda d: d["detection"][0].update(within=None), "exactly where there is a reach"),
        (lambda d: d["detection"][0].update(verdicts={"deviating": 19}), "add up to 19, not to 20"),
        (lambda d: d["detection"][0].update(named={"x": 21}), r"detection\[0\].named add up to 21"),
        (lambda d: d["detection"][0]["tokens"].update(p90=2), "must rise from median over p90 to max"),
        (lambda d: d["detection"].append(d["detection"][0]), "holds int4-g64 by logprobs twice"),
        (lambda d: d["honest"][0].update(accused=1), r"honest\[0\].accused is 1, which is more than the 0"),
        (lambda d: d["totals"]["text"].update(runs=1000), "is 1000, but the honest rows give 1120"),
        (lambda d: d["totals"]["text"].update(stacks=9), "totals.text.stacks is 9, but the honest rows"),
        (lambda d: d["totals"].pop("text"), "totals lacks text"),
        (lambda d: d["causes"].update(smell={}), "causes.smell is of no known evidence"),
        (lambda d: d["peers"][0]["rates"][0].update(detected=30), r"rates\[0\].detected is 30"),
        (lambda d: d["monitoring"].update(delay=None), "monitoring.delay must be given"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: Change, said: str) -> None:
    broken = document()
    change(broken)
    with pytest.raises(ValueError, match=said):
        parse(broken)


def test_an_accused_honest_run_must_show_in_the_totals_and_their_bounds() -> None:
    budget = document()
    budget["honest"][0].update(
        faithful=559, within=559, accused=1, verdicts={"faithful": 559, "deviating": 1}
    )
    with pytest.raises(ValueError, match=r"totals\.logprobs\.accused is 0, but the honest rows give 1"):
        parse(budget)
    budget["totals"]["logprobs"].update(accused=1, stacks_accused=1, runs_upper=0.0001)
    with pytest.raises(ValueError, match="runs_upper is below the rate it bounds"):
        parse(budget)
    budget["totals"]["logprobs"].update(runs_upper=0.005, stacks_upper=0.3)
    with pytest.raises(ValueError, match="stacks_upper is below"):
        parse(budget)
    budget["totals"]["logprobs"].update(stacks_upper=0.99)
    assert parse(budget).totals["logprobs"].accused == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "error_budget.json is not JSON: .* at line 1"),
        (b"[]", "error_budget.json: the file must be an object"),
        (b"\xff", "error_budget.json cannot be read"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "error_budget.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said):
        load(path)
