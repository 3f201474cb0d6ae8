"""Each run's evidence judged again by `assay recheck`, as somebody else's machine would do it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from leaderboard.selectors import evidence_of
from leaderboard.services import EvidenceDamaged, read_evidence
from verifier.evidence.canonical import result_text
from verifier.models import Baseline, Run

ELSEWHERE = {"TZ": "Pacific/Chatham", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "4711"}
"""Another time zone, locale and order of sets than this process has."""
AT_ONCE = 2


def differing(runs: Mapping[str, Run]) -> list[str]:
    """Those of these complete runs, by name, whose evidence does not give their result to the byte."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        # Read here: the threads open no database.
        files = {name: _files(run) for name, run in runs.items()}
        said = {name: threads.submit(rechecked, *found) for name, found in files.items() if found is not None}
    texts = {name: one.result() for name, one in said.items()}
    return [name for name, run in runs.items() if texts.get(name) != result_text(run.result or {})]


def rechecked(bundle: bytes, baseline: bytes) -> str:
    """What `assay recheck` prints of this evidence in a process of its own, without database or settings."""
    with TemporaryDirectory() as folder:
        evidence, known = Path(folder, "bundle.jsonl.gz"), Path(folder, "baseline.json.gz")
        evidence.write_bytes(bundle)
        known.write_bytes(baseline)
        done = subprocess.run(
            [sys.executable, "-m", "verifier", "recheck", str(evidence), "--baseline", str(known)],
            env={**os.environ, **ELSEWHERE},
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
    return done.stdout


def _files(run: Run) -> tuple[bytes, bytes] | None:
    bundle = evidence_of(run.pk)
    data = Baseline.objects.values_list("data", flat=True).get(pk=run.baseline_id)
    if bundle is None or data is None:
        return None
    try:
        return read_evidence(bundle), bytes(data)
    except EvidenceDamaged:
        return None
