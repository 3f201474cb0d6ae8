from __future__ import annotations

from pathlib import Path

import pytest

from tests.verifier.cli.commands import call
from tests.verifier.small_world import HONEST, INT4
from tests.verifier.synthetic import Synthetic, converse
from tests.verifier.synthetic_server import serving
from verifier.baseline import files
from verifier.baseline.model import Role
from verifier.baseline.record import record
from verifier.suites import load

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "b.json"
    files.write(converse(record(load("core"), model="toy", prompts=10), Synthetic()), found)
    return found


def test_honest_deployments_and_rungs_are_added_in_place(path: Path, capsys: Capsys) -> None:
    with (
        serving(Synthetic(noise=HONEST, stack="a")) as one,
        serving(Synthetic(noise=HONEST, stack="b")) as two,
        serving(Synthetic(noise=INT4)) as coarse,
    ):
        urls = ("--base-url", one.url, "--base-url", two.url)
        honest = call(capsys, "calibrate", "--baseline", path, *urls)
        rung = ("--rung", "INT4 per row", "--quantization", "int4", "--prompts", 5)
        degraded = call(capsys, "calibrate", "--baseline", path, "--base-url", coarse.url, *rung)
    assert (honest.status, degraded.status) == (0, 0)
    assert [line.endswith("(honest): 30 of 30 contexts.") for line in honest.out.splitlines()] == [True, True]
    assert degraded.out == "Added INT4 per row (rung): 15 of 30 contexts.\n"
    stacks = files.read(path).stacks
    assert [stack.role for stack in stacks] == [Role.HONEST, Role.HONEST, Role.RUNG]
    assert [stack.name for stack in stacks[:2]] == [url.split("/")[2] for url in (one.url, two.url)]
    assert (stacks[2].label, stacks[2].quantization) == ("INT4 per row", "int4")


def test_the_same_deployment_again_takes_its_own_place(path: Path, capsys: Capsys) -> None:
    with serving(Synthetic(noise=HONEST)) as server:
        for _ in range(2):
            assert call(capsys, "calibrate", "--baseline", path, "--base-url", server.url).status == 0
    assert len(files.read(path).stacks) == 1


def test_what_was_added_before_a_failure_is_kept(path: Path, capsys: Capsys) -> None:
    with serving(Synthetic(noise=HONEST)) as good, serving(Synthetic(logprobs=False)) as bad:
        said = call(capsys, "calibrate", "--baseline", path, "--base-url", good.url, "--base-url", bad.url)
    assert said.status == 3
    assert "answered only 0 of 30 contexts usably" in said.last
    assert len(files.read(path).stacks) == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--quantization", "int4"], "give --rung LABEL with it"),
        (["--rung", "x", "--base-url", "http://127.0.0.1:8002/v1"], "call calibrate once for each"),
        (["--variant", "x", "--base-url", "http://127.0.0.1:8002/v1"], "call calibrate once for each"),
        (["--variant", "x", "--rung", "y"], "give one of the two"),
        (["--cause", "bad luck", "--rung", "x"], "--cause"),
        (["--baseline", "/no/such/file"], "cannot read the baseline /no/such/file"),
        (["--api-key-env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(
    arguments: list[str], why: str, path: Path, capsys: Capsys
) -> None:
    before = path.read_bytes()
    said = call(capsys, "calibrate", "--baseline", path, "--base-url", "http://127.0.0.1:8001/v1", *arguments)
    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
    assert why in said.err
    assert path.read_bytes() == before


def test_a_variant_is_kept_with_what_was_done_to_it_beside_the_ladder(path: Path, capsys: Capsys) -> None:
    with serving(Synthetic(noise=INT4, stack="cache")) as server:
        given = ("calibrate", "--baseline", path, "--base-url", server.url)
        variant = ("--variant", "KV cache q4_0", "--cause", "kv-cache quantization", "--quantization", "q4_0")
        said = call(capsys, *given, *variant)
        rung = call(capsys, *given, "--rung", "INT4", "--quantization", "int4")
        honest = call(capsys, *given)
    assert said.out == "Added KV cache q4_0 (variant): 30 of 30 contexts.\n"
    assert (said.status, rung.status, honest.status) == (0, 0, 0)
    stacks = files.read(path).stacks
    assert [stack.role for stack in stacks] == [Role.VARIANT, Role.RUNG, Role.HONEST]
    assert (stacks[0].label, stacks[0].quantization) == ("KV cache q4_0", "q4_0")
    causes = [stack.cause for stack in stacks]
    assert causes == ["kv-cache quantization", "weight quantization", ""]
