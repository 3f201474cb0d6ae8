"""Signatures against the specification's own example, and against a computation of another make."""

from __future__ import annotations

import base64
import subprocess
from datetime import timedelta

import pytest

from leaderboard.webhooks import PREFIX, RETRIES, headers, new_secret, retry_after, signature

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_the_example_of_the_specification() -> None:
    signed = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_openssl_computes_the_same() -> None:
    secret = new_secret()
    key = base64.b64decode(secret.removeprefix(PREFIX)).hex()
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"]
    told = subprocess.run(command, input=b"msg_1.1700000000." + BODY, capture_output=True, check=True)
    found = headers(secret, "msg_1", 1700000000, BODY)
    assert found["webhook-signature"] == "v1," + base64.b64encode(told.stdout).decode()
    assert (found["webhook-id"], found["webhook-timestamp"]) == ("msg_1", "1700000000")


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b64decode(one.removeprefix(PREFIX))) for one in made} == {32}


def test_what_is_no_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        signature("whsec_!!", "m", 1, b"")


def test_waits_grow_and_end_after_three_days() -> None:
    waits = [retry_after(attempts) for attempts in range(1, len(RETRIES) + 2)]
    assert waits[-1] is None
    assert waits[:-1] == sorted(RETRIES)
    assert timedelta(days=3) < sum(RETRIES, timedelta()) < timedelta(days=4)
