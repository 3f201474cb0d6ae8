from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verifier.cli.commands import Said, baseline, baseline_file, call
from tests.verifier.cli.site import site
from tests.verifier.small_world import HONEST, INT4
from tests.verifier.synthetic import Synthetic
from tests.verifier.synthetic_server import serving

__all__ = ["baseline_file"]
Capsys = pytest.CaptureFixture[str]
RUN = "019a9f3c-7c00-7000-8000-000000000001"
KEY = "sk-CANARY-1234567890"


@pytest.fixture
def published(baseline_file: Path, tmp_path: Path, capsys: Capsys) -> Iterator[tuple[str, dict[str, bytes]]]:
    """A site that published a run of an endpoint with 4-bit weights; the run's address, the site's files."""
    bundle = tmp_path / "b.jsonl.gz"
    with serving(Synthetic(noise=INT4)) as server:
        said = call(
            capsys, "verify", "--baseline", baseline_file, "--base-url", server.url, "--model", "toy",
            "--evidence", bundle, "--decide-only",
        )  # fmt: skip
    assert said.status == 1
    files = {
        f"/api/v1/runs/{RUN}/evidence": bundle.read_bytes(),
        f"/api/v1/baselines/{baseline().id}": baseline_file.read_bytes(),
    }
    with site(files) as address:
        yield f"{address}/runs/{RUN}/", files


def replayed(
    capsys: Capsys, address: str, endpoint: Synthetic, *options: str, key: str | None = None
) -> Said:
    with serving(endpoint, key=key) as server:
        return call(capsys, "replay", address, "--base-url", server.url, *options)


def refused(said: Said) -> str:
    assert (said.status, said.out) == (3, "")
    return said.last


def test_the_same_endpoint_gives_the_same_and_agrees(
    published: tuple[str, dict[str, bytes]], capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    said = replayed(capsys, published[0], Synthetic(noise=INT4), "--api-key-env", "MY_KEY", key=KEY)
    assert said.status == 0, said
    told = json.loads(said.out)
    assert told["published"]["verdict"] == told["replayed"]["verdict"] == "deviating"
    assert told["agreement"]["shared"] > 0
    assert told["agreement"]["same_choice"] == told["agreement"]["shared"]
    assert told["agreement"]["difference"] == 0
    assert said.last.startswith("Agrees: Deviating")
    assert "the key in MY_KEY goes to" in said.err
    assert KEY not in said.err + said.out


def test_an_endpoint_that_was_mended_differs(published: tuple[str, dict[str, bytes]], capsys: Capsys) -> None:
    said = replayed(capsys, published[0], Synthetic(noise=HONEST, stack="x"))
    told = json.loads(said.out)
    assert told["published"]["verdict"] == "deviating"
    assert told["replayed"]["verdict"] in ("faithful", "inconclusive")
    assert said.status == (1 if told["replayed"]["verdict"] == "faithful" else 2)
    assert told["agreement"]["difference"] > 0


def test_an_endpoint_that_is_down_measures_nothing(
    published: tuple[str, dict[str, bytes]], capsys: Capsys
) -> None:
    said = replayed(capsys, published[0], Synthetic(fails=1.0), "--deadline", "0.3")
    assert said.status == 3
    assert json.loads(said.out)["replayed"]["verdict"] == "not-measured"


@pytest.mark.parametrize("address", ["", "https://assay.example/", f"file:///runs/{RUN}/", f"/runs/{RUN}/"])
def test_what_is_no_run_is_refused(address: str, capsys: Capsys) -> None:
    assert "is not the address of a run" in refused(call(capsys, "replay", address))


def test_what_the_site_does_not_give_is_one_line(
    published: tuple[str, dict[str, bytes]], capsys: Capsys
) -> None:
    address, files = published
    (evidence, bundle), (known, data) = files.items()
    del files[known]
    assert "answers HTTP 404" in refused(call(capsys, "replay", address))
    files[known] = b"junk"
    assert "cannot read the baseline of that run" in refused(call(capsys, "replay", address))
    files[known] = data
    files[evidence] = bundle[:-30]
    assert "cannot read the evidence" in refused(call(capsys, "replay", address))
