"""What the reference is asked for the checks of behaviour is kept in the baseline."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier.small_world import SUITE
from tests.verifier.synthetic import Synthetic, converse
from verifier.baseline.model import Baseline
from verifier.baseline.record import record
from verifier.checks.base import Ask, Observation, Probe, Purpose
from verifier.checks.recording import Recorder
from verifier.checks.registry import discover
from verifier.contracts import contract_for


def asks_once(recorder: Recorder) -> Generator[Ask, Sequence[Observation], Mapping[str, Any]]:
    body = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 1, "temperature": 0.0}
    answers = yield Ask((Probe("weather/1", "chat/completions", body, Purpose.RECORDING),), "recording", 1)
    assert answers[0].answer is not None
    return {"said": answers[0].answer.text, "contract": recorder.contract.family}


def test_a_recording_is_kept_by_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    (check, module), *_ = discover()
    with_recording = ((replace(check, name="weather", record=asks_once), module),)
    monkeypatch.setattr("verifier.baseline.record.discover", lambda: with_recording)

    without = converse(record(SUITE, model="toy"), Synthetic())
    found = converse(record(SUITE, model="toy", behaviour=True), Synthetic())

    assert without.behaviour == {}
    assert "behaviour" not in without.to_json()
    assert found.behaviour["weather"]["contract"] == "openai"
    assert Baseline.from_json(found.to_json()).behaviour == found.behaviour


def test_each_check_draws_for_itself() -> None:
    recorder = Recorder(SUITE, contract_for("toy"), seed=3)
    assert recorder.rng("a").random() == recorder.rng("a").random() != recorder.rng("b").random()
