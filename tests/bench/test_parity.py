"""The peers' published formulas, recomputed from a run's own answers, give the numbers of our checks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.bench import parity
from tests.verifier.talker import REFERENCE, Talker, about, judge, recorded_from
from verifier.checks import tool_trigger
from verifier.checks.base import Answer, Fault, Observation, Status
from verifier.checks.session import Session, Settings
from verifier.evidence.bundle import BundleStore, Header

TRIGGER, SCHEMA = "tool_trigger", "tool_schema"


def asked(session: Session, check: str) -> list[parity.Pair]:
    """The requests of a check in one run with their answers, in order of their keys."""
    keys = sorted(key for key in session.observations if key.startswith(f"{check}/"))
    return [(session.probes[key].body, session.observations[key]) for key in keys]


@pytest.mark.parametrize(
    "endpoint",
    [Talker(), Talker(tools="dropped"), Talker(skill=0.7, stack="x"), Talker(flips=0.3, stack="y")],
    ids=["healthy", "drops", "weak", "wavers"],
)
def test_the_trigger_similarity_is_ours(endpoint: Talker) -> None:
    known = recorded_from(REFERENCE, TRIGGER)
    session, official = about(known), about(known)
    ours = judge(TRIGGER, endpoint, session=session)
    judge(TRIGGER, REFERENCE, session=official)
    rows = [parity.minimax_rows(asked(one, TRIGGER), "toy") for one in (official, session)]
    theirs = parity.minimax_f1(*rows)
    labels = known.behaviour[TRIGGER]["labels"]
    assert all(len(set(found)) == 1 for found in labels.values()), "the reference never wavers here"
    assert theirs["tp"] == ours.details["true_positives"]
    assert theirs["fp"] == ours.details["false_positives"]
    assert theirs["fn"] == ours.details["false_negatives"]
    assert theirs["f1"] == pytest.approx(ours.estimate)


@pytest.mark.parametrize(
    "endpoint",
    [Talker(), Talker(arguments=lambda text: text[:-1]), Talker(arguments=lambda text: f"```\n{text}\n```")],
    ids=["valid", "cut", "fenced"],
)
def test_the_schema_accuracy_is_ours(endpoint: Talker) -> None:
    session = about(recorded_from(REFERENCE, TRIGGER, SCHEMA))
    ours = judge(SCHEMA, endpoint, session=session)
    counts = parity.k2vv_summary(parity.k2vv_rows(asked(session, SCHEMA), "toy"))
    assert counts["finish_tool_calls"] == ours.n
    accuracy = counts["successful_tool_call_count"] / counts["finish_tool_calls"]
    assert accuracy == pytest.approx(ours.estimate)
    assert counts["schema_validation_error_count"] + counts["successful_tool_call_count"] == ours.n


def test_thoughts_alone_and_failures_count_as_the_peers_count_them() -> None:
    seen = [
        Observation("a", Status.OK, Answer("Hello", finish_reason="stop", reasoning="Hm.")),
        Observation("b", Status.OK, Answer("", finish_reason="stop", reasoning="Hm.")),
        Observation("c", Status.FAULTY, fault=Fault.SERVER_ERROR, detail="HTTP 500"),
        Observation("d", Status.OK, Answer("", finish_reason="stop")),
    ]
    pairs: list[parity.Pair] = [({"messages": []}, one) for one in seen]
    rows = parity.minimax_rows(pairs, "toy")
    assert parity.minimax_only_reasoning(rows) == 0.25
    assert parity.minimax_success_rate(rows) == 0.75
    counts = parity.k2vv_summary(parity.k2vv_rows(pairs, "toy"))
    assert (counts["success_count"], counts["failure_count"], counts["finish_stop"]) == (3, 1, 3)


def test_a_bundle_is_exported_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = about(recorded_from(REFERENCE, TRIGGER))
    judge(TRIGGER, REFERENCE, session=session)
    path = tmp_path / "b.jsonl.gz"
    with BundleStore(Header(Settings(), {"base_url": "x", "upstream_model": "toy"}, "none"), path) as store:
        for key, observation in session.observations.items():
            asyncio.run(store.save(session.probes[key], observation))
    arguments = ["parity", str(path), "--official", str(path), "-o", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    assert parity.main() == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["f1"] == 1.0
    rows = [json.loads(line) for line in (tmp_path / "k2vv_results.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == tool_trigger.CASES
    assert set(rows[0]) == {
        "data_index", "request", "response", "status", "finish_reason", "tool_calls_valid", "last_run_at",
        "duration_ms", "hash",
    }  # fmt: skip
