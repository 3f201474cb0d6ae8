"""A hidden pool is published once it is no longer asked from: its prompts, and the salt of their hashes."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from leaderboard.integrity.bundle import salted
from leaderboard.models import HiddenPool, LogEntry
from tests.leaderboard import factories
from verifier.models import Baseline
from verifier.suites import HIDDEN, as_jsonl, load

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool(settings: Any, tmp_path: Path) -> Path:
    """The pool that the server is told of; no baseline has it yet."""
    settings.STORAGES = {
        **settings.STORAGES,
        "evidence": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "evidence")},
        },
    }
    path = tmp_path / "pool.jsonl"
    known = load("core").prompts[:2]
    path.write_bytes(
        as_jsonl(
            replace(one, id=f"h00{number}", messages=({"role": "user", "content": f"Hidden {number}"},))
            for number, one in enumerate(known)
        )
    )
    settings.HIDDEN_POOL = path
    return path


def asked_from(pool: Path) -> str:
    """Have the current baseline of a model recorded with this pool."""
    digest = sha256(pool.read_bytes()).hexdigest()
    row = factories.baseline(factories.model())
    Baseline.objects.filter(pk=row.pk).update(hidden_sha256=digest)
    return digest


def retired(*arguments: object) -> str:
    out = io.StringIO()
    call_command("retire_pool", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_pool_that_is_asked_from_is_not_published_by_mistake(pool: Path, client: Client) -> None:
    digest = asked_from(pool)
    with pytest.raises(CommandError, match="Still asked from it: HuggingFaceTB/SmolLM2-135M-Instruct"):
        retired()
    assert client.get(f"/pools/{digest}.jsonl").status_code == 404
    assert not LogEntry.objects.filter(kind="pool").exists()


def test_its_prompts_and_its_salt_are_published(pool: Path, client: Client) -> None:
    digest = asked_from(pool)
    HiddenPool.objects.create(sha256=digest, salt="ab" * 32)
    said = retired("--although-in-use")
    assert f"/pools/{digest}.jsonl" in said
    assert "ab" * 32 in said
    file = client.get(f"/pools/{digest}.jsonl")
    assert (file.status_code, sha256(file.content).hexdigest()) == (200, digest)
    body = json.loads(LogEntry.objects.get(kind="pool").leaf)["body"]
    assert body["salt"] == "ab" * 32
    known = load("core", hidden=pool).prompts
    prompt = next(one for one in known if one.pool == HIDDEN)
    assert len(salted(prompt, bytes.fromhex(body["salt"]))) == 64, "anybody can make the hash of a bundle"
    assert retired("--although-in-use", pool) == said, "twice is once"
    assert LogEntry.objects.filter(kind="pool").count() == 1
    call_command("verify_log", stdout=io.StringIO())


def test_a_file_that_is_no_pool_of_ours_is_refused(pool: Path, settings: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No baseline was recorded with the pool"):
        retired()
    with pytest.raises(CommandError, match="can't be read"):
        retired(tmp_path / "none")
    settings.HIDDEN_POOL = None
    with pytest.raises(CommandError, match="Which pool"):
        retired()


def test_a_published_pool_that_was_changed_is_not_handed_out(
    pool: Path, client: Client, tmp_path: Path
) -> None:
    digest = asked_from(pool)
    retired("--although-in-use")
    (tmp_path / "evidence" / "pools" / f"{digest}.jsonl").write_text("x")
    assert client.get(f"/pools/{digest}.jsonl").status_code == 404
