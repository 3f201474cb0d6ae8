"""`make audit` says what it knows, and never that all is well where nobody was asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / ".ci" / "audit.py"
CLEAN: dict[str, Any] = {"name": "amqp", "version": "5.4.2", "vulns": []}
FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["2.0"], "aliases": ["CVE-2026-1"]}
KNOWN: dict[str, Any] = {"name": "anyio", "version": "1.0", "vulns": [FLAW]}
SKIPPED: dict[str, Any] = {"name": "anyio", "skip_reason": "Dependency not found on PyPI"}


def audited(folder: Path, report: str) -> tuple[int, str, str]:
    (folder / "report.json").write_text(report)
    lock = folder / "requirements.lock"
    lock.write_text("amqp==5.4.2 \\\n    --hash=sha256:0\nanyio==1.0 \\\n    --hash=sha256:0\n")
    command = [sys.executable, str(SCRIPT), str(folder / "report.json"), str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("told", "status", "said"),
    [
        ([CLEAN, {**KNOWN, "vulns": []}], 0, "Nothing is known against the 2 packages"),
        ([CLEAN, KNOWN], 1, "anyio 1.0: PYSEC-2026-1, mended in 2.0"),
        ([CLEAN, SKIPPED], 2, "Not audited: 1 of 2 packages were not found (anyio"),
        ([KNOWN], 1, "Not audited: 1 of 2 packages were not found (amqp"),
        ([], 2, "Not audited: 2 of 2 packages were not found"),
    ],
)
def test_a_report_is_read_for_what_it_is(
    told: list[dict[str, Any]], status: int, said: str, tmp_path: Path
) -> None:
    code, out, err = audited(tmp_path, json.dumps({"dependencies": told, "fixes": []}))
    assert code == status
    assert said in out + err


@pytest.mark.parametrize("report", ["", "not json", "{}"])
def test_without_a_report_nothing_is_said_to_be_well(report: str, tmp_path: Path) -> None:
    code, out, err = audited(tmp_path, report)
    assert (code, out) == (2, "")
    assert "pip-audit ended without a report" in err
