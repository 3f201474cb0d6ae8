from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.cli.commands import (
    ENOUGH,
    Said,
    baseline,
    baseline_file,
    call,
    finished,
    large_baseline_file,
    process,
)
from tests.verifier.small_world import HONEST, INT4
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import BROKEN, serving
from verifier.evidence.bundle import read

__all__ = ["baseline_file", "large_baseline_file"]
Capsys = pytest.CaptureFixture[str]


def verify(capsys: Capsys, baseline_file: Path, url: str, *options: object) -> Said:
    """Asks about the weights alone, unless the options name another suite."""
    given = ("--baseline", baseline_file, "--base-url", url, "--model", "toy", "--no-report")
    return call(capsys, "verify", *given, "--suite", "weights", *options)


def result_of(said: Said) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said.out)
    assert said.last == found["sentence"]
    return found


def test_an_honest_endpoint_is_faithful_with_its_fidelity(
    large_baseline_file: Path, tmp_path: Path, capsys: Capsys
) -> None:
    copy = tmp_path / "result.json"
    with serving(Synthetic(noise=HONEST, stack="x")) as server:
        said = verify(capsys, large_baseline_file, server.url, "--declared", "bf16", "--json", copy)
        result = result_of(said)
        assert result["requests"] == server.requests
        assert result["endpoint"] == {"base_url": server.url, "upstream_model": "toy"}
    assert said.status == 0
    assert copy.read_text("utf-8") == said.out
    assert result["verdict"] == "faithful"
    assert 99 < result["fidelity"]["low"] < result["fidelity"]["high"] <= 100
    assert result["declaration"]["state"] == "kept"
    assert result["excludes"] == "INT8 and coarser"
    assert result["baseline"] == baseline(ENOUGH).id
    assert result["speed"]["first_token_ms"]["n"] > 200


@pytest.mark.parametrize(
    ("endpoint", "options", "verdict", "status"),
    [
        (Synthetic(noise=INT4), [], "deviating", 1),
        (Synthetic(noise=INT4), ["--no-logprobs"], "deviating", 1),
        (Synthetic(other_vocabulary=True), [], "different-model", 1),
        (Synthetic(noise=HONEST, stack="x"), ["--max-tokens", 20], "inconclusive", 2),
        (Synthetic(noise=HONEST, stack="x"), ["--max-requests", 3], "inconclusive", 2),
        (Synthetic(logprobs=False, silent=True), [], "insufficient-access", 2),
    ],
)
def test_each_verdict_has_its_exit_status(
    endpoint: Synthetic, options: list[object], verdict: str, status: int, baseline_file: Path, capsys: Capsys
) -> None:
    with serving(endpoint) as server:
        said = verify(capsys, baseline_file, server.url, "--decide-only", *options)
    assert result_of(said)["verdict"] == verdict
    assert said.status == status
    assert result_of(said)["fidelity"] is None


@pytest.mark.parametrize("broken", [*BROKEN, "endless", "silence"])
def test_a_broken_server_is_not_measured_in_time_and_in_one_line(
    broken: str, baseline_file: Path, capsys: Capsys
) -> None:
    with serving(Synthetic(), broken) as server:
        began = time.monotonic()
        said = verify(capsys, baseline_file, server.url, "--deadline", 0.3)
        took = time.monotonic() - began
    assert said.status == 3
    assert result_of(said)["verdict"] == "not-measured"
    assert said.last.startswith("Not measured: ")
    assert said.last.endswith(".")
    assert [finding["outcome"] for finding in result_of(said)["findings"]] == ["faulty"]
    # Two requests (with and without logprobs), each within three deadlines; the rest is reading the baseline.
    assert took < 2 * 3 * 0.3 + 6


@pytest.mark.parametrize("broken", ["nan", "above-zero"])
def test_broken_logprobs_leave_the_text_to_be_judged(
    broken: str, baseline_file: Path, capsys: Capsys
) -> None:
    with serving(Synthetic(noise=INT4), broken) as server:
        said = verify(capsys, baseline_file, server.url, "--decide-only")
    result = result_of(said)
    assert (said.status, result["verdict"], result["evidence_level"]) == (1, "deviating", "text")
    assert "answers brokenly to requests for logprobs" in result["findings"][0]["cause"]


def test_an_unreachable_server_is_not_measured_quickly(baseline_file: Path, capsys: Capsys) -> None:
    with serving(Synthetic()) as server:
        url = server.url
    began = time.monotonic()
    said = verify(capsys, baseline_file, url, "--deadline", 0.3)
    assert time.monotonic() - began < 6
    assert said.status == 3
    assert said.last.startswith("Not measured: No connection")


def test_a_server_that_refuses_the_key_is_unsupported_and_the_key_is_nowhere(
    baseline_file: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-wrong-0123456789abcdef"
    monkeypatch.setenv("ENDPOINT_KEY", secret)
    bundle = tmp_path / "b.jsonl.gz"
    with serving(Synthetic(), key="sk-right-0123456789abcdef") as server:
        said = verify(
            capsys, baseline_file, server.url, "--api-key-env", "ENDPOINT_KEY", "--evidence", bundle
        )
        assert server.requests == 1
    assert said.status == 3
    assert result_of(said)["findings"][0]["outcome"] == "unsupported"
    assert "401" in said.last
    assert secret not in said.out + said.err + repr(read(bundle))


def test_a_live_reference_is_asked_first_without_the_endpoints_key(
    baseline_file: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENDPOINT_KEY", "sk-endpoint-0123456789")
    with (
        serving(Synthetic(noise=INT4), key="sk-endpoint-0123456789") as server,
        serving(Synthetic()) as fresh,
        serving(Synthetic(hidden_prompt=True)) as stale,
    ):
        options = ("--decide-only", "--api-key-env", "ENDPOINT_KEY", "--reference-url")
        confirmed = verify(capsys, baseline_file, server.url, *options, fresh.url)
        asked = server.requests
        refused = verify(capsys, baseline_file, server.url, *options, stale.url)
        assert server.requests == asked, "a stale baseline judges nobody"
        assert (fresh.requests, stale.requests) == (16, 16)
    assert confirmed.status == 1
    assert (refused.status, refused.out) == (3, "")
    assert "record the baseline again" in refused.last


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"--baseline": "/no/such/baseline.json"}, "cannot read the baseline /no/such/baseline.json"),
        ({"--alpha": "2"}, "alpha is an error rate between 0 and 0.5, not 2.0"),
        ({"--alpha": "nan"}, "alpha is an error rate between 0 and 0.5, not nan"),
        ({"--api-key-env": "NO_SUCH_VARIABLE"}, "the environment variable NO_SUCH_VARIABLE is not set"),
        ({"--base-url": "http://192.168.1.7/v1"}, "192.168.1.7"),
        ({"--base-url": "file:///etc/passwd"}, "file"),
        ({"--evidence": "/no/such/folder/b.jsonl.gz"}, "cannot write the evidence to /no/such/folder"),
        ({"--evidence": "/dev/full"}, "No space left on device"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_cannot_be_begun_is_said_before_anything_is_asked(
    changed: dict[str, str], why: str, baseline_file: Path, capsys: Capsys
) -> None:
    with serving(Synthetic()) as server:
        given = {"--baseline": str(baseline_file), "--base-url": server.url, "--model": "toy", **changed}
        said = call(capsys, "verify", *(part for pair in given.items() for part in pair))
        assert server.requests == 0
    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
    assert said.err.startswith("assay: ")
    assert why in said.err


def test_a_damaged_baseline_is_said_in_one_line(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "b.json"
    for content in (b"{", b"{}", b"\x1f\x8bjunk", b'{"assay_baseline":1}'):
        path.write_bytes(content)
        said = verify(capsys, path, "http://127.0.0.1:1/v1")
        assert (said.status, said.out) == (3, "")
        assert said.err.count("\n") == 1
        assert said.err.startswith(f"assay: cannot read the baseline {path}: ")


def test_a_result_that_cannot_be_filed_is_still_printed(
    baseline_file: Path, tmp_path: Path, capsys: Capsys
) -> None:
    with serving(Synthetic(noise=INT4)) as server:
        said = verify(
            capsys, baseline_file, server.url, "--decide-only", "--json", tmp_path / "no" / "r.json"
        )
    assert said.status == 3
    assert json.loads(said.out)["verdict"] == "deviating"
    assert said.last.startswith("assay: cannot write the result to ")


def test_progress_is_told_in_plain_lines_without_a_terminal(baseline_file: Path, capsys: Capsys) -> None:
    with serving(Synthetic(noise=INT4)) as server:
        said = verify(capsys, baseline_file, server.url, "--price-in", 1, "--price-out", 2)
    lines = said.err.splitlines()[:-1]
    assert lines
    told = re.compile(r"[a-z ]+: \d+ of about \d+ requests(, about \d+ s left)?, \$\S+ so far")
    assert all(told.fullmatch(line) for line in lines)
    assert any("s left" in line for line in lines)
    assert {line.partition(":")[0] for line in lines} == {
        "what the endpoint offers",
        "deciding",
        "estimating",
    }


def test_in_a_process_of_its_own_the_bytes_and_the_statuses_are_the_same(
    large_baseline_file: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "b.jsonl.gz"
    with serving(Synthetic(noise=HONEST, stack="x")) as honest, serving(Synthetic(noise=INT4)) as degraded:
        given = (
            "--baseline",
            large_baseline_file,
            "--model",
            "toy",
            "--decide-only",
            "--suite",
            "weights",
            "--no-report",
        )
        faithful = process("verify", *given, "--base-url", honest.url, "--evidence", bundle)
        deviating = process("verify", *given, "--base-url", degraded.url)
        first, second = finished(faithful), finished(deviating)
    assert (first.status, second.status) == (0, 1), first.err + second.err
    again = finished(
        process("recheck", bundle, "--baseline", large_baseline_file, LC_ALL="C", TZ="Asia/Tokyo")
    )
    assert again == Said(0, first.out, first.last + "\n")


def test_ctrl_c_judges_what_was_seen_and_keeps_the_evidence(
    baseline_file: Path, tmp_path: Path, capsys: Capsys
) -> None:
    bundle = tmp_path / "b.jsonl.gz"
    with serving(Synthetic(noise=HONEST, stack="x")) as server:
        running = process(
            "verify",
            "--baseline",
            baseline_file,
            "--base-url",
            server.url,
            "--model",
            "toy",
            "--suite",
            "weights",
            "--evidence",
            bundle,
        )
        assert running.stderr is not None
        told = ""
        while not told.startswith("deciding"):
            told = running.stderr.readline()
        server.gate.clear()
        server.arrived.clear()
        assert server.arrived.wait(30)
        os.kill(running.pid, signal.SIGINT)
        said = finished(running)
    result = json.loads(said.out)
    assert (said.status, result["verdict"], result["stopped_because"]) == (2, "inconclusive", "interrupted")
    assert "the run was interrupted" in said.last
    assert result["requests"] == len(read(bundle)[1]) > 4
    again = call(capsys, "recheck", bundle, "--baseline", baseline_file)
    assert (again.status, again.out) == (2, said.out)


def test_the_start_turns_the_order_of_the_prompts_and_is_kept_with_the_evidence(
    baseline_file: Path, tmp_path: Path, capsys: Capsys
) -> None:
    deciding = []
    for start in (0, 7):
        bundle = tmp_path / f"{start}.jsonl.gz"
        with serving(Synthetic(noise=HONEST, stack="x")) as server:
            options = ("--decide-only", "--max-tokens", 25, "--start", start, "--evidence", bundle)
            # One at a time: a bundle is in the order of arrival.
            said = verify(capsys, baseline_file, server.url, *options, "--concurrency", 1)
        header, observations = read(bundle)
        assert header.settings.start == start
        others = ("capability/", "/written")
        deciding.append(
            [key for key in observations if not key.startswith(others) and not key.endswith(others)]
        )
        again = call(capsys, "recheck", bundle, "--baseline", baseline_file)
        assert (again.status, again.out) == (said.status, said.out)
    assert len(deciding[0]) > 12
    assert set(deciding[0]) != set(deciding[1])
    assert set(deciding[0][7:]) <= set(deciding[1])


def test_a_start_below_0_is_refused(baseline_file: Path, capsys: Capsys) -> None:
    said = verify(capsys, baseline_file, "http://127.0.0.1:1/v1", "--start", "-1")
    assert (said.status, said.out) == (3, "")
    assert "--start" in said.err
