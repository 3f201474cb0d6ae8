"""`make bench-own`: a user's own prompts put deployments in the order of their true distance.

Sixty ordinary requests of a user (`own_prompts.jsonl`) are all that is asked: by `assay record`, `calibrate`
and `verify`, as a user would. The truth is told by the weights alone, no prompt has a say in it: the distance
of a deployment is the relative error of the weights it serves, |W' - W| / |W| over all tensors.
"""

from __future__ import annotations

import io
import json
import math
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from verifier.cli.main import main as assay

PROMPTS = Path(__file__).with_suffix(".jsonl")
REFERENCE = "reference"
HONEST = ("cal-f16", "cal-batch")
JUDGED = ("f16-slots", "q8_0", "fp8-row", "int4-g64", "int3-g64")
"""From the nearest to the furthest, as the weights will say."""


def distance(official: Any, served: Any) -> float:
    """The relative error of all weights of one model file against those of another."""
    error = size = 0.0
    for name in official.names:
        right = official.load(name).astype(np.float64)
        size += float(np.square(right).sum())
        error += float(np.square(served.load(name) - right).sum())
    return math.sqrt(error / size)


def ranked(urls: Mapping[str, str], model: str, folder: Path, own: Path = PROMPTS) -> dict[str, Any]:
    """What `assay` says of every deployment but the reference and the honest ones, by their own prompts.

    Raises SystemExit where a command fails.
    """
    baseline = folder / "own.json.gz"
    given = ("--prompts-file", own, "--allow-private", "--deadline", 600)
    _assay(
        "record", *given, "--base-url", urls[REFERENCE], "--model", model, "--no-behaviour", "-o", baseline
    )
    for name in HONEST:
        _assay("calibrate", *given, "--baseline", baseline, "--base-url", urls[name])
    found = {}
    for name, url in urls.items():
        if name not in (REFERENCE, *HONEST):
            asked = ("--baseline", baseline, "--base-url", url, "--model", model, "--suite", "weights")
            found[name] = json.loads(_assay("verify", *given, *asked, "--no-report"))
    return found


def in_order(found: Mapping[str, Any], truth: Mapping[str, float]) -> bool:
    """Whether fidelity falls as the true distance grows."""
    by_truth = sorted(found, key=lambda name: truth[name])
    values = [found[name]["fidelity"]["value"] for name in by_truth]
    return all(nearer > further for nearer, further in pairwise(values))


def _assay(*arguments: object) -> str:
    said = io.StringIO()
    with redirect_stdout(said):
        status = assay([str(argument) for argument in arguments])
    if status not in (0, 1, 2):
        raise SystemExit(f"assay {arguments[0]} ended with status {status}")
    return said.getvalue()


def main() -> int:
    """Exit status 0 where the order is the true one."""
    from verifier.lab.cache import path_of
    from verifier.lab.deployments import DEPLOYMENTS
    from verifier.lab.gguf_file import ModelFile
    from verifier.lab.serve import serving
    from verifier.lab.source import MODEL

    with serving((REFERENCE, *HONEST, *JUDGED)) as lab, tempfile.TemporaryDirectory() as folder:
        found = ranked(lab, MODEL, Path(folder))
    official = ModelFile(path_of(DEPLOYMENTS[REFERENCE].weights))
    truth = {name: distance(official, ModelFile(path_of(DEPLOYMENTS[name].weights))) for name in JUDGED}
    for name in sorted(JUDGED, key=lambda name: truth[name]):
        fidelity = found[name]["fidelity"]
        said = f"{fidelity['value']:.2f} [{fidelity['low']:.2f}, {fidelity['high']:.2f}]"
        print(f"{name:<12} true distance {truth[name]:.5f}   fidelity {said}   {found[name]['verdict']}")
    right = in_order(found, truth)
    print("in the order of their true distance" if right else "NOT in the order of their true distance")
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
