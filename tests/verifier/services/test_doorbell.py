from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from uuid import uuid4

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from verifier.services.doorbell import EXECUTE_RUN, calls_waiting, ring, ring_on_commit

WITHOUT_A_BROKER = """
import json, time, uuid, django
django.setup()
from verifier.services.doorbell import EXECUTE_RUN, calls_waiting, ring
started = time.monotonic()
print(json.dumps([ring(EXECUTE_RUN, uuid.uuid4()), calls_waiting(), time.monotonic() - started]))
"""


def held() -> dict[bytes, object]:
    """Everything that the broker holds, with how long each list is; who is connected to it."""
    server = redis.Redis.from_url(settings.CELERY_BROKER_URL.replace("redis+socket", "unix"))
    keys = list(server.scan_iter())
    lengths = {key: server.llen(key) for key in keys if server.type(key) == b"list"}
    called = current_app.connection_for_write().as_uri()
    return {**dict.fromkeys(keys), **lengths, b"called": called, b"clients": len(server.client_list())}


@pytest.mark.usefixtures("broker")
def test_calls_are_counted_until_a_worker_takes_them() -> None:
    assert calls_waiting() == 0
    assert ring(EXECUTE_RUN, uuid4())
    assert ring(EXECUTE_RUN, uuid4())
    assert calls_waiting() == 2, held()


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_nobody_is_called_to_what_is_rolled_back(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        with transaction.atomic():
            ring_on_commit(EXECUTE_RUN, uuid4())
            transaction.set_rollback(True)
        with transaction.atomic():
            ring_on_commit(EXECUTE_RUN, uuid4())
            assert calls_waiting() == 0
    assert len(callbacks) == 1
    assert calls_waiting() == 1


def test_without_a_broker_the_caller_goes_on_at_once() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, never listening: every connection is refused
        url = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_A_BROKER],
            env={**os.environ, "REDIS_URL": url},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    rang, waiting, seconds = json.loads(done.stdout)
    assert (rang, waiting) == (False, None)
    assert seconds < 5
    assert "the sweep will call again" in done.stderr
