"""Evidence in a bucket: the same promises as with files, over HTTP to a server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from moto.server import ThreadedMotoServer

from leaderboard import environment, selectors, services
from leaderboard.integrity.bundle import place
from leaderboard.services.evidence import EvidenceDamaged
from tests.leaderboard import factories, measured
from tests.leaderboard.verifying import differences, verified
from tests.verifier.synthetic import Synthetic
from verifier.models import Baseline, Run
from verifier.suites import as_jsonl, load

pytestmark = pytest.mark.django_db
BUCKET, PREFIX = "assay-evidence", "site"
ACCESS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


@dataclass
class Bucket:
    """The bucket, seen past our code."""

    server: ThreadedMotoServer
    client: Any

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return sorted(one["Key"].removeprefix(f"{PREFIX}/") for one in found)

    def replace(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}", Body=data)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{name}")


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bucket]:
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    given = {"ASSAY_EVIDENCE": f"s3://{BUCKET}/{PREFIX}?endpoint_url={url}&region_name=us-east-1"}
    configured = environment.read(given, tmp_path)
    settings.STORAGES = {**settings.STORAGES, "evidence": dict(configured.evidence_storage)}
    yield Bucket(server, client)
    server.stop()
    client.close()


def kept() -> tuple[Run, str]:
    """A measured run, and the place of its bundle."""
    run = measured.run(factories.endpoint("Int4"), Synthetic(noise=0.5, stack="x"), decide_only=True)
    bundle = services.keep_evidence(run.pk)
    assert bundle is not None
    return run, place(bundle.digest)


def test_a_bundle_is_kept_once_and_told(bucket: Bucket, client: Client) -> None:
    run, name = kept()
    assert bucket.names() == [name]
    bundle = selectors.evidence_of(run.pk)
    assert bundle is not None
    assert services.read_evidence(bundle) == client.get(f"/api/v1/runs/{run.pk}/evidence").content
    bundle.delete()
    assert services.keep_evidence(run.pk) is not None
    assert bucket.names() == [name], "the same file again, under no second name"


def test_what_is_changed_or_gone_is_noticed(bucket: Bucket) -> None:
    run, name = kept()
    bundle = selectors.evidence_of(run.pk)
    assert bundle is not None
    bucket.replace(name, b"another")
    with pytest.raises(EvidenceDamaged, match="was changed"):
        services.read_evidence(bundle)
    bucket.remove(name)
    with pytest.raises(EvidenceDamaged, match="can't be read"):
        services.read_evidence(bundle)


def test_checkpoints_outlive_the_database(bucket: Bucket, django_capture_on_commit_callbacks: Any) -> None:
    kept()
    with django_capture_on_commit_callbacks(execute=True):
        services.checkpoint()
    (note,) = services.kept_checkpoints().values()
    assert services.checkpoint().note == note
    assert verified()
    bucket.replace(
        next(name for name in bucket.names() if name.startswith("log/")), note.encode() + b"more\n"
    )
    assert differences()


def test_a_retired_pool_is_published_from_the_bucket(bucket: Bucket, client: Client, tmp_path: Path) -> None:
    data = as_jsonl(load("core").prompts[:2])
    digest = sha256(data).hexdigest()
    row = factories.baseline(factories.model())
    Baseline.objects.filter(pk=row.pk).update(hidden_sha256=digest)
    path = tmp_path / "pool.jsonl"
    path.write_bytes(data)
    call_command("retire_pool", str(path), "--although-in-use")
    assert client.get(f"/pools/{digest}.jsonl").content == data
    bucket.server.stop()
    assert client.get(f"/pools/{digest}.jsonl").status_code == 404


def test_a_bucket_out_of_reach_loses_nothing_and_says_so(bucket: Bucket, tmp_path: Path) -> None:
    run = measured.run(factories.endpoint("Int4"), Synthetic(noise=0.5, stack="x"), decide_only=True)
    bucket.server.stop()
    with pytest.raises(EvidenceDamaged, match="can't keep"):
        services.keep_evidence(run.pk)
    assert services.keep_missing() == 0
    assert selectors.evidence_of(run.pk) is None
    data = as_jsonl(load("core").prompts[:2])
    Baseline.objects.filter(pk=run.baseline_id).update(hidden_sha256=sha256(data).hexdigest())
    path = tmp_path / "pool.jsonl"
    path.write_bytes(data)
    with pytest.raises(CommandError, match="The storage can't keep"):
        call_command("retire_pool", str(path), "--although-in-use")
