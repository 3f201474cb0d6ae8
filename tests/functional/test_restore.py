"""A backup by the documented tools, put back into an empty database and an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.surroundings import ROOT, Surroundings, surroundings

pytestmark = pytest.mark.timeout(300)

SCRIPTS = ROOT / "leaderboard" / "operations"
KEPT = ("SECRET_KEY", "CREDENTIAL_KEYS")
"""What no backup holds."""
PUBLISH = """
import django
django.setup()
from leaderboard import services
from tests.leaderboard import certifying, factories
results = {
    "Faithful": factories.faithful(),
    "Deviating": factories.result(e_value=1e6),
    "Another": factories.result("different-model", (11.2, 8.1, 14.6)),
    "Silent": factories.result("insufficient-access", None),
}
for label, result in results.items():
    run = factories.run(factories.endpoint(label), result, e_value=1e6)
    factories.observation(run)
    services.publish(run.endpoint.model_id)
    services.keep_evidence(run.pk)
certifying.certified(certifying.known())
services.checkpoint()
"""
TELL = """
import django, json
django.setup()
from django.test import Client
from leaderboard import services
from leaderboard.models import EvidenceBundle, LogEntry, PublishedEndpoint
site = Client(SERVER_NAME="127.0.0.1")
paths = ("/api/v1/endpoints", "/api/v1/log/checkpoint", "/api/v1/changes")
print(json.dumps({
    "served": {path: site.get(path).content.decode() for path in paths},
    "verdicts": {str(one.pk): one.verdict for one in PublishedEndpoint.objects.order_by("pk")},
    "log": list(LogEntry.objects.order_by("index").values_list("leaf", flat=True)),
    "evidence": {one.digest: len(services.read_evidence(one)) for one in EvidenceBundle.objects.all()},
}))
"""


def program(around: Surroundings, text: str) -> str:
    return around.do([sys.executable, "-c", text], DJANGO_SETTINGS_MODULE="leaderboard.settings")


def told(around: Surroundings) -> dict[str, Any]:
    """What the site publishes."""
    found: dict[str, Any] = json.loads(program(around, TELL).splitlines()[-1])
    return found


def script(around: Surroundings, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPTS / name), str(folder)],
        env=around.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """A site that has published."""
    with surroundings(tmp_path_factory.mktemp("site")) as around:
        around.do([sys.executable, "manage.py", "migrate", "--noinput"])
        program(around, PUBLISH)
        yield around


@pytest.fixture(scope="module")
def backup(site: Surroundings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "backup"
    done = script(site, "backup.sh", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def empty(site: Surroundings, tmp_path: Path) -> Iterator[Surroundings]:
    """Another machine: nothing is there but the keys."""
    with surroundings(tmp_path / "other") as around:
        around.folder.mkdir(exist_ok=True)
        around.environment.update({name: site.environment[name] for name in KEPT})
        yield around


def test_what_was_published_is_published_again(site: Surroundings, backup: Path, empty: Surroundings) -> None:
    done = script(empty, "restore.sh", backup)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is as it was published" in done.stdout
    before, after = told(site), told(empty)
    assert after == before
    assert len(set(before["verdicts"].values())) > 3
    assert before["evidence"]
    # The proof is one: another verdict would have been named.
    empty.write("update leaderboard_publishedendpoint set verdict = 'faithful' where verdict = 'deviating'")
    checked = subprocess.run(
        [sys.executable, "manage.py", "verify_log"],
        env=empty.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 1
    assert "verdict is" in checked.stderr


def test_a_backup_that_lost_a_bundle_is_told(backup: Path, empty: Surroundings, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    subprocess.run(["cp", "-R", str(backup), str(damaged)], check=True)
    next((damaged / "evidence" / "bundles").rglob("*.gz")).unlink()
    done = script(empty, "restore.sh", damaged)
    assert done.returncode == 1
    assert "can't be read" in done.stderr


def test_evidence_in_a_bucket_is_left_to_the_buckets_own_tools(site: Surroundings, tmp_path: Path) -> None:
    site.environment["ASSAY_EVIDENCE"] = "s3://assay-evidence/site"
    try:
        done = script(site, "backup.sh", tmp_path / "backup")
    finally:
        del site.environment["ASSAY_EVIDENCE"]
    assert done.returncode == 0, done.stderr
    assert "s3://assay-evidence/site and was not copied" in done.stderr
    assert not list((tmp_path / "backup" / "evidence").iterdir())


def test_nothing_is_written_over(site: Surroundings, backup: Path) -> None:
    assert script(site, "backup.sh", backup).returncode != 0
    before = told(site)
    assert script(site, "restore.sh", backup).returncode != 0
    assert told(site) == before


def test_a_backup_holds_no_key_that_opens_it(site: Surroundings, backup: Path) -> None:
    for path in backup.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, "nobody else may read it"
        if path.is_file():
            data = path.read_bytes()
            assert not [name for name in KEPT if site.environment[name].encode() in data]
