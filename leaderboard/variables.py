"""The environment variables by name: what each is for, and what holds without it.

`manage.py describe_settings` writes the reference from here; leaderboard.environment reads no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leaderboard import account_settings

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
PRODUCTION = "in production"
"""Where DEBUG is false."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `default` is what is taken where it is not set; `otherwise` says what holds then, where
    that is no fixed value. `required` says when it has to be set, `example` what it looks like.
    """

    name: str
    meaning: str
    default: str = ""
    otherwise: str = ""
    required: str = ""
    example: str = ""


GROUPS: Mapping[str, tuple[Variable, ...]] = {
    "The site": (
        Variable("DEBUG", "Development: error pages with source, SQLite, secrets made and kept.", "true"),
        Variable(
            "ALLOWED_HOSTS",
            "The host names of the site, separated by commas. The first is the site's own.",
            otherwise="this machine only",
            required=PRODUCTION,
            example="assay.example.org",
        ),
        Variable(
            "ASSAY_SITE",
            "The site's own address in mails, feeds and certificates.",
            otherwise="from the first of `ALLOWED_HOSTS`",
            example="https://assay.example.org",
        ),
        Variable(
            "HTTPS",
            "Whether a browser reaches the site by HTTPS: redirects, HSTS, secure cookies.",
            otherwise="true in production",
        ),
        Variable(
            "PROXY_COUNT",
            "How many proxies of yours stand in front. So many entries of `X-Forwarded-For` count, "
            "`X-Forwarded-Proto` says whether a request came by HTTPS, and `X-Request-ID` is taken over.",
            "0",
        ),
        Variable("ADMIN_PATH", "Where the operator's pages are.", "operator/"),
        Variable(
            "ADMIN_NETWORKS",
            "Addresses and networks, separated by commas, from which the operator's pages can be reached: to "
            "everybody else they do not exist. `0.0.0.0/0,::/0` is everywhere.",
            "127.0.0.0/8,::1",
        ),
        Variable(
            "ASSAY_STATE",
            "The folder of what is kept in files: SQLite, static files, kept secrets, evidence.",
            otherwise="`var` in the project's folder",
            example="/var/lib/assay",
        ),
    ),
    "Secrets": (
        Variable(
            "SECRET_KEY",
            "Signs sessions, mailed links and cursors: at least 50 random characters.",
            otherwise="made and kept in `ASSAY_STATE`",
            required=PRODUCTION,
        ),
        Variable(
            "CREDENTIAL_KEYS",
            "Encrypt providers' API keys, signing keys, webhooks' secrets and second factors: Fernet keys, "
            "separated by commas. The first encrypts, all decrypt.",
            otherwise="made and kept in `ASSAY_STATE`",
            required=PRODUCTION,
        ),
    ),
    "Database and queue": (
        Variable(
            "DATABASE_URL",
            "The PostgreSQL, or a SQLite file.",
            otherwise="SQLite in `ASSAY_STATE`",
            example="postgresql://user:password@host:5432/assay",
        ),
        Variable(
            "REDIS_URL",
            "The Redis of queue, quotas and tallies: `redis://`, `rediss://` or `redis+socket:///path`.",
            otherwise="the demo's own",
            required=PRODUCTION,
            example="redis://127.0.0.1:6379/0",
        ),
    ),
    "Measuring": (
        Variable(
            "EGRESS_ALLOW",
            "`host:port` entries, separated by commas, that workers may reach although they are private or "
            "speak plain HTTP.",
            otherwise="public addresses by HTTPS only",
            example="gpu.internal:8000",
        ),
        Variable(
            "RUN_PLAN",
            "What baselines and runs ask about: `weights`, or also behaviour with `smoke`, `core` or `deep`.",
            "weights",
        ),
        Variable("RUN_CONCURRENCY", "Requests of one run in flight at once.", "4"),
        Variable(
            "MONITOR_PROBES_PER_DAY",
            "Prompts a day that a watched endpoint is asked, which sets the monitor's threshold.",
            "24",
        ),
        Variable(
            "ASSAY_HIDDEN_POOL",
            "The file of the hidden pool that baselines are recorded with; every web and worker process "
            "reads it.",
            otherwise="no hidden prompts",
            example="/srv/assay/pool.jsonl",
        ),
        Variable(
            "DNS_SERVERS",
            "Resolvers, separated by commas, that all have to see a TXT record before it proves anything.",
            otherwise="the machine's own",
            example="192.0.2.1,192.0.2.2",
        ),
    ),
    "Evidence and log": (
        Variable(
            "ASSAY_EVIDENCE",
            "A bucket of S3-compatible storage for evidence bundles and checkpoints.",
            otherwise="files in `ASSAY_STATE`",
            example="s3://assay-evidence/site?endpoint_url=https://s3.example.org",
        ),
        Variable(
            "AWS_ACCESS_KEY_ID",
            "Of that bucket; read by boto3, as are the other variables that it knows.",
            required="with `ASSAY_EVIDENCE`",
        ),
        Variable("AWS_SECRET_ACCESS_KEY", "Of that bucket.", required="with `ASSAY_EVIDENCE`"),
        Variable(
            "ASSAY_EVIDENCE_DAYS",
            "Days until the rows of requests that are safe in a bundle are removed; 0: never.",
            "30",
        ),
        Variable(
            "ASSAY_LOG_ORIGIN",
            "The transparency log's name. It is kept with the first entry and never changes.",
            otherwise="from the first of `ALLOWED_HOSTS`",
            example="assay.example.org/log",
        ),
    ),
    "Mail and accounts": (
        Variable(
            "EMAIL_URL",
            "`smtp://` (with STARTTLS), `smtps://`, or `smtp+plain://` inside one machine.",
            otherwise="mails are printed in development and dropped in production",
            example="smtp://user:password@mail.example.org:587",
        ),
        Variable(
            "EMAIL_FROM",
            "The sender of mails.",
            otherwise="`assay@` the first of `ALLOWED_HOSTS`",
            example="assay@example.org",
        ),
        *(
            Variable(
                f"{prefix}_CLIENT_{part}",
                f"Sign in with {prefix.title()}: both variables or neither.",
                otherwise="not offered",
            )
            for prefix, _ in account_settings.SOCIAL.values()
            for part in ("ID", "SECRET")
        ),
    ),
    "Watching": (
        Variable("LOG_LEVEL", "`DEBUG`, `INFO`, `WARNING` or `ERROR`.", "INFO"),
        Variable(
            "METRICS_TOKEN",
            "The bearer token of `/metrics`: at least 20 characters.",
            otherwise="no such page",
        ),
        Variable(
            "SENTRY_DSN",
            "Where errors are told to; needs `pip install 'assay[sentry]'`.",
            otherwise="told nowhere but in the log",
            example="https://key@sentry.example.org/1",
        ),
    ),
    "Processes": (
        Variable("WEB_BIND", "Where the web process listens.", "127.0.0.1"),
        Variable("PORT", "At which port.", "8000"),
        Variable("WEB_CONCURRENCY", "Web processes.", "2"),
        Variable("WORKER_CONCURRENCY", "Runs that a worker does at once.", "2"),
    ),
}
VARIABLES: Mapping[str, Variable] = {one.name: one for group in GROUPS.values() for one in group}


class Reader:
    """Reads variables and gathers what is wrong with them."""

    def __init__(self, source: Mapping[str, str]) -> None:
        self.source = source
        self.problems: list[str] = []

    def problem(self, name: str, found: str, expected: str, example: str) -> None:
        """Note that a variable can't be used."""
        self.problems.append(f"{name} {found}. Expected: {expected}. Example: {name}={example}")

    def text(self, name: str) -> str:
        """The variable, or else its default. Raises KeyError for one that is described nowhere."""
        return self.source.get(name, "").strip() or VARIABLES[name].default

    def flag(self, name: str, otherwise: bool) -> bool:
        """True or false; `otherwise` where it is not set and has no default."""
        text = self.text(name).lower()
        if not text:
            return otherwise
        if text not in _TRUE | _FALSE:
            self.problem(name, f"is {text!r}", "true or false", str(otherwise).lower())
        return text in _TRUE

    def number(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        text, default = self.text(name), VARIABLES[name].default
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            self.problem(name, f"is {text!r}", f"a whole number from {low} to {high}", default)
            return int(default)
        return int(text)

    def listing(self, name: str) -> tuple[str, ...]:
        """The parts between commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())
