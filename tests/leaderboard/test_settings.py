from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from leaderboard.environment import Configuration, kept_secret, read
from verifier.suites import as_jsonl, load

ROOT = Path(__file__).resolve().parents[2]
KEY = Fernet.generate_key().decode()
PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "CREDENTIAL_KEYS": KEY,
    "ALLOWED_HOSTS": "assay.example.org",
    "DATABASE_URL": "postgresql://me:p%40ss@db.example.org:5433/assay?sslmode=require",
    "REDIS_URL": "rediss://:secret@redis.example.org:6380/1",
}


def configured(tmp_path: Path, **variables: str) -> Configuration:
    return read({"ASSAY_STATE": str(tmp_path), **variables}, ROOT)


def message(tmp_path: Path, **variables: str) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        configured(tmp_path, **variables)
    return str(caught.value)


def test_with_nothing_set_it_is_development_with_sqlite_and_kept_secrets(tmp_path: Path) -> None:
    first, again = configured(tmp_path), configured(tmp_path)
    assert first.debug
    assert not first.https
    assert first.database["NAME"] == str(tmp_path / "assay.sqlite3")
    assert first.redis_url == f"redis+socket://{tmp_path}/redis.sock"
    assert first.secret_key == again.secret_key
    assert first.credential_keys == again.credential_keys
    assert first.secret_key != first.credential_keys[0]
    for name in ("secret_key", "credential_keys"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_production_takes_everything_from_the_environment(tmp_path: Path) -> None:
    found = configured(tmp_path, **PRODUCTION, EGRESS_ALLOW="127.0.0.1:8081, [::1]:80,gpu.internal:8000")
    assert found.https
    assert not found.debug
    assert found.database["PASSWORD"] == "p@ss"
    assert found.database["PORT"] == "5433"
    assert found.database["OPTIONS"] == {"sslmode": "require"}
    assert found.egress_allow == {"127.0.0.1:8081", "[::1]:80", "gpu.internal:8000"}
    assert list(tmp_path.iterdir()) == []


def test_where_the_site_stands_and_how_it_mails(tmp_path: Path) -> None:
    assert configured(tmp_path).site_url == "http://localhost:8000"
    assert configured(tmp_path).email["EMAIL_BACKEND"].endswith("console.EmailBackend")
    found = configured(tmp_path, **PRODUCTION)
    assert found.site_url == "https://assay.example.org"
    assert found.email["EMAIL_BACKEND"].endswith("dummy.EmailBackend")
    assert found.email["DEFAULT_FROM_EMAIL"] == "assay@assay.example.org"
    mail = "smtp://me:p%40ss@mail.example.org"
    found = configured(
        tmp_path, **PRODUCTION, ASSAY_SITE="https://a.example/", EMAIL_URL=mail, EMAIL_FROM="a@b.example"
    )
    assert found.site_url == "https://a.example"
    known = {"EMAIL_HOST": "mail.example.org", "EMAIL_PORT": 587, "EMAIL_HOST_PASSWORD": "p@ss"}
    assert known.items() <= found.email.items()
    assert (found.email["EMAIL_USE_TLS"], found.email["EMAIL_USE_SSL"]) == (True, False)
    assert "p@ss" not in repr(found)


def test_production_names_every_missing_variable_with_an_example(tmp_path: Path) -> None:
    said = message(tmp_path, DEBUG="false")
    for name in ("SECRET_KEY", "CREDENTIAL_KEYS", "ALLOWED_HOSTS", "REDIS_URL"):
        assert f"{name} is not set. Expected: " in said
        assert f"Example: {name}=" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("HTTPS", "2"),
        ("SECRET_KEY", "short"),
        ("ASSAY_SITE", "assay.example.org"),
        ("ASSAY_SITE", "https://assay.example.org/path"),
        ("EMAIL_URL", "http://mail.example.org"),
        ("EMAIL_URL", "smtp://mail.example.org:port"),
        ("EMAIL_FROM", "not an address"),
        ("SECRET_KEY", "a" * 60),
        ("CREDENTIAL_KEYS", ",".join(("A" * 43 + "=", "nonsense"))),
        ("ALLOWED_HOSTS", "https://assay.example.org"),
        ("DATABASE_URL", "mysql://localhost/assay"),
        ("DATABASE_URL", "postgresql://localhost"),
        ("DATABASE_URL", "postgresql://localhost:port/assay"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://localhost:port"),
        ("EGRESS_ALLOW", "127.0.0.1"),
        ("EGRESS_ALLOW", "127.0.0.1:70000"),
        ("EGRESS_ALLOW", "http://127.0.0.1:80"),
        ("ADMIN_PATH", "/operator/"),
        ("ADMIN_NETWORKS", "office.example.org"),
        ("ADMIN_NETWORKS", "10.0.0.1/8"),
        ("PROXY_COUNT", "many"),
        ("RUN_CONCURRENCY", "0"),
        ("RUN_PLAN", "grand"),
        ("LOG_LEVEL", "loud"),
        ("ASSAY_LOG_ORIGIN", "https://assay.example.org"),
        ("MONITOR_PROBES_PER_DAY", "0"),
        ("ASSAY_HIDDEN_POOL", "/no/such/file.jsonl"),
        ("ASSAY_HIDDEN_POOL", "/"),
        ("SENTRY_DSN", "https://sentry.example.org/1"),
        ("SENTRY_DSN", "key@sentry.example.org"),
    ],
)
def test_an_invalid_variable_is_named_with_what_was_expected(tmp_path: Path, name: str, value: str) -> None:
    said = message(tmp_path, **{**PRODUCTION, name: value})
    assert said.count("\n  - ") == 1
    assert f"  - {name} " in said
    assert "Expected: " in said
    assert f"Example: {name}=" in said


def test_a_hidden_pool_is_read_at_start(tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    line = '{"id":"h1","category":"question","language":"en","messages":[{"role":"user","content":"%s"}]}\n'
    pool.write_text(line % "What is it that nobody asks?")
    found = configured(tmp_path, ASSAY_HIDDEN_POOL=str(pool))
    assert found.hidden_pool == pool
    assert found.monitor_probes_per_day == 24
    assert configured(tmp_path).hidden_pool is None
    pool.write_text("not json\n")
    assert "ASSAY_HIDDEN_POOL can't be used: pool.jsonl, line 1" in message(
        tmp_path, ASSAY_HIDDEN_POOL=str(pool)
    )
    public = next(prompt for prompt in load("core").prompts if len(prompt.messages) == 1)
    pool.write_bytes(as_jsonl([replace(public, id="h1")]))
    assert "says the same as" in message(tmp_path, ASSAY_HIDDEN_POOL=str(pool))


def test_secrets_are_not_repeated_in_messages_or_repr(tmp_path: Path) -> None:
    wrong = "hunter2-hunter2"
    said = message(
        tmp_path,
        DEBUG="false",
        SECRET_KEY=wrong,
        CREDENTIAL_KEYS=wrong,
        ALLOWED_HOSTS="a.example",
        DATABASE_URL=f"oracle://me:{wrong}@db/x",
        REDIS_URL=f"amqp://me:{wrong}@mq",
    )
    assert wrong not in said
    shown = repr(configured(tmp_path, **PRODUCTION))
    for secret in (PRODUCTION["SECRET_KEY"], KEY, "p@ss", ":secret@"):
        assert secret not in shown


def test_debug_is_refused_on_a_public_host(tmp_path: Path) -> None:
    assert "DEBUG is on" in message(tmp_path, ALLOWED_HOSTS="assay.example.org")
    assert configured(tmp_path, ALLOWED_HOSTS="127.0.0.1,localhost").debug


def test_an_empty_kept_secret_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    assert kept_secret(tmp_path / "key", lambda: "made") == "made"
    assert kept_secret(tmp_path / "key", lambda: "other") == "made"


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_wrong_variable_ends_the_command_with_lines_and_no_traceback(tmp_path: Path) -> None:
    done = manage("check", ASSAY_STATE=str(tmp_path), DATABASE_URL="mysql://localhost/assay")
    assert done.returncode == 1
    assert done.stderr.startswith("Assay can't start:\n  - DATABASE_URL is not understood. Expected: ")
    assert "Traceback" not in done.stderr


def test_production_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", ASSAY_STATE=str(tmp_path), **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout
