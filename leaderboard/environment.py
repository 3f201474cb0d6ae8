"""The environment variables Assay reads: each is validated at start, and every problem is told at once.

A message names the variable, what was expected, and an example. Values are never echoed where they may
be secret.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from leaderboard import account_settings
from leaderboard.variables import Reader
from verifier import suites
from verifier.suites import plans

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})\Z")
_HOST = re.compile(r"(\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])\Z")
_ORIGIN = re.compile(r"[A-Za-z0-9_.:\[\]-]+(/[A-Za-z0-9_.-]+)*\Z")
_SITE = re.compile(r"https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?\Z")
_DSN = re.compile(r"https?://[^\s@/:]+(:[^\s@/]*)?@[A-Za-z0-9_.:\[\]-]+(/[^\s/?#]+)*/[0-9]+\Z")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\Z")
_ADMIN_PATH = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/\Z")
_PORT = range(1, 65536)
SHORTEST_TOKEN = 20
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the settings are made of. `redis_url` is complete; `database` is a Django DATABASES entry."""

    debug: bool
    https: bool
    state: Path
    secret_key: str = field(repr=False)
    credential_keys: tuple[str, ...] = field(repr=False)
    allowed_hosts: tuple[str, ...]
    database: Mapping[str, Any] = field(repr=False)
    redis_url: str = field(repr=False)
    egress_allow: frozenset[str]
    admin_path: str
    admin_networks: tuple[Network, ...]
    proxy_count: int
    run_concurrency: int
    run_plan: str
    log_level: str
    log_origin: str
    site_url: str
    email: Mapping[str, Any] = field(repr=False)
    social: Mapping[str, tuple[str, str]] = field(repr=False)
    dns_servers: tuple[str, ...]
    hidden_pool: Path | None
    evidence_storage: Mapping[str, Any] = field(repr=False)
    evidence_days: int
    monitor_probes_per_day: int
    metrics_token: str = field(repr=False)
    sentry_dsn: str = field(repr=False)


def read(source: Mapping[str, str], base: Path) -> Configuration:
    """Validate `source` (usually os.environ). `base` is the project folder.

    Raises ImproperlyConfigured with one line per problem. In development (DEBUG is true, the default)
    secrets that are not given are made once and kept in the state folder.
    """
    env = Reader(source)
    debug = env.flag("DEBUG", True)
    state = Path(env.text("ASSAY_STATE") or base / "var").expanduser().resolve()
    configuration = Configuration(
        debug=debug,
        https=env.flag("HTTPS", not debug),
        state=state,
        secret_key=_secret_key(env, debug, state),
        credential_keys=_credential_keys(env, debug, state),
        allowed_hosts=_allowed_hosts(env, debug),
        database=_database(env, state),
        redis_url=_redis_url(env, debug, state),
        egress_allow=_egress_allow(env),
        admin_path=_admin_path(env),
        admin_networks=_admin_networks(env),
        proxy_count=env.number("PROXY_COUNT", 0, 9),
        run_concurrency=env.number("RUN_CONCURRENCY", 1, 64),
        run_plan=_run_plan(env),
        log_level=_log_level(env),
        log_origin=_log_origin(env),
        site_url=_site_url(env, debug),
        email=_email(env, debug),
        social=_social(env),
        dns_servers=_dns_servers(env),
        hidden_pool=_hidden_pool(env),
        evidence_storage=_evidence_storage(env, state),
        evidence_days=env.number("ASSAY_EVIDENCE_DAYS", 0, 36_500),
        monitor_probes_per_day=env.number("MONITOR_PROBES_PER_DAY", 1, 1_000_000),
        metrics_token=_metrics_token(env),
        sentry_dsn=_sentry_dsn(env),
    )
    if env.problems:
        raise ImproperlyConfigured("Assay can't start:\n" + "\n".join(f"  - {text}" for text in env.problems))
    return configuration


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in `path`, made by `make` the first time; readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Two processes may start at once: whoever creates the file decides, the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = path.read_text(encoding="utf-8").strip()
        if kept:
            return kept
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC, 0o600)
    made = make()
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(made + "\n")
    return made


def _run_plan(env: Reader) -> str:
    name = env.text("RUN_PLAN")
    if name not in plans.names():
        env.problem("RUN_PLAN", f"is {name!r}", f"one of {', '.join(plans.names())}", "core")
    return name


def _secret_key(env: Reader, debug: bool, state: Path) -> str:
    key = env.text("SECRET_KEY")
    if not key and debug:
        return kept_secret(state / "secret_key", lambda: secrets.token_urlsafe(64))
    if len(key) < 50 or len(set(key)) < 5:
        found = "is too weak" if key else "is not set"
        how = (
            "a random text of at least 50 characters, made by: python -c "
            '"import secrets; print(secrets.token_urlsafe(64))"'
        )
        env.problem("SECRET_KEY", found, how, "6vZk...(86 characters)")
    return key


def _credential_keys(env: Reader, debug: bool, state: Path) -> tuple[str, ...]:
    keys = env.listing("CREDENTIAL_KEYS")
    if not keys and debug:
        return (kept_secret(state / "credential_keys", lambda: Fernet.generate_key().decode()),)
    how = (
        "Fernet keys separated by commas, the first one encrypts, made by: python -c "
        '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
    )
    if not keys:
        env.problem("CREDENTIAL_KEYS", "is not set", how, "nE9x...(44 characters)")
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            env.problem(
                "CREDENTIAL_KEYS", f"holds no valid key at position {number}", how, "nE9x...(44 characters)"
            )
    return keys


def _allowed_hosts(env: Reader, debug: bool) -> tuple[str, ...]:
    hosts = env.listing("ALLOWED_HOSTS")
    expected = "the host names of the site, separated by commas"
    if not hosts and not debug:
        env.problem("ALLOWED_HOSTS", "is not set", expected, "assay.example.org,www.assay.example.org")
    for host in hosts:
        if not _HOST.match(host):
            env.problem("ALLOWED_HOSTS", f"holds {host!r}", expected, "assay.example.org")
    if debug and set(hosts) - set(LOOPBACK):
        env.problem(
            "DEBUG", "is on, but ALLOWED_HOSTS names a public host", "false on a public site", "false"
        )
    return hosts or LOOPBACK


def _database(env: Reader, state: Path) -> dict[str, Any]:
    url = env.text("DATABASE_URL")
    if not url:
        state.mkdir(parents=True, exist_ok=True)
        return sqlite(state / "assay.sqlite3")
    expected, example = (
        "a PostgreSQL address, or nothing for SQLite",
        "postgresql://user:password@host:5432/assay",
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        env.problem("DATABASE_URL", "has no valid port", expected, example)
        return {}
    if parts.scheme == "sqlite" and len(parts.path) > 1 and not parts.netloc:
        return sqlite(Path(unquote(parts.path)))
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        env.problem("DATABASE_URL", "is not understood", expected, example)
        return {}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def sqlite(path: Path) -> dict[str, Any]:
    """A SQLite database that the web process and the workers can write at the same time."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 20,
            # Taking the write lock at the start makes a second writer wait instead of failing halfway.
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _redis_url(env: Reader, debug: bool, state: Path) -> str:
    url = env.text("REDIS_URL")
    example = "redis://127.0.0.1:6379/0"
    if not url:
        if not debug:
            env.problem("REDIS_URL", "is not set", "the address of the Redis the workers listen to", example)
        # Where the demo's own Redis listens when it runs in this state folder.
        return f"redis+socket://{state / 'redis.sock'}"
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if parts_socket := url.startswith("redis+socket:///"):
        valid = parts_socket
    if not valid:
        env.problem("REDIS_URL", "is not understood", "redis://, rediss:// or redis+socket:///path", example)
    return url


def _egress_allow(env: Reader) -> frozenset[str]:
    entries = env.listing("EGRESS_ALLOW")
    for entry in entries:
        match = _HOST_PORT.match(entry)
        if not match or int(match[2]) not in _PORT:
            expected = (
                "host:port entries separated by commas that workers may reach although they are private"
            )
            env.problem("EGRESS_ALLOW", f"holds {entry!r}", expected, "127.0.0.1:8081,gpu.internal:8000")
    return frozenset(entries)


def _admin_path(env: Reader) -> str:
    path = env.text("ADMIN_PATH")
    if not _ADMIN_PATH.match(path):
        env.problem(
            "ADMIN_PATH",
            f"is {path!r}",
            "a path that ends with a slash and does not start with one",
            "operator/",
        )
    return path


def _admin_networks(env: Reader) -> tuple[Network, ...]:
    found = []
    for entry in env.listing("ADMIN_NETWORKS"):
        try:
            found.append(ipaddress.ip_network(entry))
        except ValueError:
            expected = "addresses or networks separated by commas, without bits beyond a network's prefix"
            env.problem("ADMIN_NETWORKS", f"holds {entry!r}", expected, "127.0.0.0/8,::1,10.8.0.0/16")
    return tuple(found)


def _hidden_pool(env: Reader) -> Path | None:
    text = env.text("ASSAY_HIDDEN_POOL")
    if not text:
        return None
    path = Path(text).expanduser().resolve()
    expected = "a file of hidden prompts in the form of a suite's .jsonl that every worker can read"
    try:
        for name in suites.names():
            suites.load(name, hidden=path)
    except suites.SuiteError as error:
        env.problem(
            "ASSAY_HIDDEN_POOL", f"can't be used: {str(error).rstrip('.')}", expected, "/srv/assay/pool.jsonl"
        )
    return path


def _evidence_storage(env: Reader, state: Path) -> dict[str, Any]:
    """Where evidence bundles and checkpoints are kept: a Django STORAGES entry."""
    url = env.text("ASSAY_EVIDENCE")
    if not url:
        location = str(state / "evidence")
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": location, "base_url": None},
        }
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme != "s3" or not parts.netloc or set(options) - {"endpoint_url", "region_name"}:
        env.problem(
            "ASSAY_EVIDENCE",
            "is not understood",
            "a bucket of S3-compatible storage (credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), or "
            "nothing for files in the state folder",
            "s3://assay-evidence/site?endpoint_url=https://s3.example.org",
        )
    elif find_spec("storages") is None:
        env.problem("ASSAY_EVIDENCE", "needs django-storages", "pip install 'assay[s3]'", url)
    location = parts.path.strip("/")
    own = {"bucket_name": parts.netloc, "location": location, "file_overwrite": False, "default_acl": None}
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**own, **options}}


def _metrics_token(env: Reader) -> str:
    token = env.text("METRICS_TOKEN")
    if token and len(token) < SHORTEST_TOKEN:
        expected = f"at least {SHORTEST_TOKEN} characters that nobody guesses, or nothing for no metrics"
        env.problem("METRICS_TOKEN", f"has {len(token)} characters", expected, "$(openssl rand -hex 24)")
    return token


def _sentry_dsn(env: Reader) -> str:
    dsn = env.text("SENTRY_DSN")
    if dsn and not _DSN.match(dsn):
        expected = "a project's address as Sentry gives it, or nothing"
        env.problem("SENTRY_DSN", "is not understood", expected, "https://key@sentry.example.org/1")
    elif dsn and find_spec("sentry_sdk") is None:
        env.problem("SENTRY_DSN", "needs sentry-sdk", "pip install 'assay[sentry]', or nothing", "")
    return dsn


def _log_origin(env: Reader) -> str:
    """The transparency log's name: by default of the site. It is kept with the first entry."""
    origin = env.text("ASSAY_LOG_ORIGIN")
    if origin and not _ORIGIN.match(origin):
        env.problem(
            "ASSAY_LOG_ORIGIN",
            f"is {origin!r}",
            "a host and a path without a scheme, spaces or plus signs",
            "assay.example.org/log",
        )
    host = next(iter(env.listing("ALLOWED_HOSTS")), LOOPBACK[0]).lstrip(".")
    return origin or f"{host}/log"


def _site_url(env: Reader, debug: bool) -> str:
    """Where the site stands, for links in what leaves it: certificates, mails, webhooks. No slash ends it."""
    url = env.text("ASSAY_SITE")
    if url and not _SITE.match(url):
        expected = "the site's address, without a path"
        env.problem("ASSAY_SITE", f"is {url!r}", expected, "https://assay.example.org")
    host = next(iter(env.listing("ALLOWED_HOSTS")), LOOPBACK[0]).lstrip(".")
    return url.rstrip("/") or (f"http://{host}:8000" if debug else f"https://{host}")


def _email(env: Reader, debug: bool) -> dict[str, Any]:
    """Django's e-mail settings. Without EMAIL_URL mails are printed in development, and dropped elsewhere."""
    url = env.text("EMAIL_URL")
    sender = env.text("EMAIL_FROM")
    expected, example = (
        "smtp:// (with STARTTLS), smtps:// or smtp+plain:// (inside one machine)",
        "smtp://user:password@mail.example.org:587",
    )
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"smtp", "smtps", "smtp+plain"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if url and not valid:
        env.problem("EMAIL_URL", "is not understood", expected, example)
        return {}
    if sender and not _ADDRESS.match(sender):
        env.problem("EMAIL_FROM", f"is {sender!r}", "an e-mail address", "assay@example.org")
    host = next(iter(env.listing("ALLOWED_HOSTS")), LOOPBACK[0]).lstrip(".")
    found = {"DEFAULT_FROM_EMAIL": sender or f"assay@{host}", "EMAIL_TIMEOUT": 20}
    if not url:
        return {
            **found,
            "EMAIL_BACKEND": f"django.core.mail.backends.{'console' if debug else 'dummy'}.EmailBackend",
        }
    return {
        **found,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtp": 587, "smtps": 465}.get(parts.scheme, 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def _social(env: Reader) -> dict[str, tuple[str, str]]:
    """Client id and secret of each service that accounts may sign in with; none where both are missing."""
    found: dict[str, tuple[str, str]] = {}
    for name, (prefix, _) in account_settings.SOCIAL.items():
        names = (f"{prefix}_CLIENT_ID", f"{prefix}_CLIENT_SECRET")
        client, secret = (env.text(one) for one in names)
        if client and secret:
            found[name] = (client, secret)
        elif client or secret:
            missing, given = names if secret else names[::-1]
            env.problem(missing, f"is not set, but {given} is", "both or neither", "Iv1.8a61f9b3a7aba766")
    return found


def _dns_servers(env: Reader) -> tuple[str, ...]:
    """Resolvers that all have to see a TXT record before it counts; none: the operating system's."""
    for server in env.listing("DNS_SERVERS"):
        try:
            ipaddress.ip_address(server)
        except ValueError:
            expected = "addresses of resolvers, separated by commas"
            env.problem("DNS_SERVERS", f"holds {server!r}", expected, "192.0.2.1,192.0.2.2")
    return env.listing("DNS_SERVERS")


def _log_level(env: Reader) -> str:
    level = env.text("LOG_LEVEL").upper()
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if level not in levels:
        env.problem("LOG_LEVEL", f"is {level!r}", "one of " + ", ".join(levels), "INFO")
    return level
