"""A user's own prompts: recorded, calibrated, and providers judged and ranked on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.verifier.cli.commands import call
from tests.verifier.small_world import HONEST
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import serving

Capsys = pytest.CaptureFixture[str]
NOISES = (HONEST, 0.05, 0.12, 0.3, 0.8)


def own_prompts(path: Path, count: int) -> Path:
    rows = [{"messages": [{"role": "user", "content": f"How far is it to town {n}?"}]} for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_sixty_prompts_of_ones_own_rank_deployments_by_their_true_distance(
    tmp_path: Path, capsys: Capsys
) -> None:
    own, baseline = own_prompts(tmp_path / "own.jsonl", 60), tmp_path / "b.json"
    given = ("--prompts-file", own)
    with serving(Synthetic()) as server:
        asked = ("--base-url", server.url, "--model", "toy", "--no-behaviour", "-o", baseline)
        said = call(capsys, "record", *given, *asked)
    assert said.status == 0, said.err
    assert "These 60 prompts can show a deviation of 3 points or more" in said.err.splitlines()[0]
    for stack in ("a", "b"):
        with serving(Synthetic(noise=HONEST, stack=stack)) as server:
            assert (
                call(capsys, "calibrate", *given, "--baseline", baseline, "--base-url", server.url).status
                == 0
            )
    found = []
    for noise in NOISES:
        with serving(Synthetic(noise=noise, stack="x")) as server:
            options = (
                "--model",
                "toy",
                "--suite",
                "weights",
                "--baseline",
                baseline,
                "--base-url",
                server.url,
            )
            said = call(capsys, "verify", *given, *options)
        result = json.loads(said.out)
        assert result["versions"]["suite"].startswith("private 1 sha256:")
        found.append(result["fidelity"]["value"])
    assert found == sorted(found, reverse=True)
    assert "point" in said.err.splitlines()[0]
    without = call(capsys, "verify", *options)
    assert (without.status, without.out) == (3, "")
    assert "give that file (--prompts-file)" in without.last


def test_too_few_prompts_are_refused_before_anything_is_asked(tmp_path: Path, capsys: Capsys) -> None:
    own = own_prompts(tmp_path / "own.jsonl", 2)
    with serving(Synthetic()) as server:
        given = ("--base-url", server.url, "--model", "toy", "-o", tmp_path / "b.json")
        said = call(capsys, "record", *given, "--prompts-file", own)
        assert server.requests == 0
    assert said.status == 3
    assert "these 2 prompts can show no deviation" in said.last
