"""Django settings, made from the validated environment (leaderboard/environment.py).

DEBUG=true (the default) is development: SQLite, kept secrets, plain HTTP. DEBUG=false is production:
nothing is assumed, and HTTPS is on unless HTTPS=false says that no TLS is in front.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from kombu import Queue

from leaderboard import account_settings, environment, error_reports, logs
from leaderboard.api import configuration as api

BASE_DIR = Path(__file__).resolve().parent.parent
_CONFIGURATION = environment.read(os.environ, BASE_DIR)

DEBUG = _CONFIGURATION.debug
SECRET_KEY = _CONFIGURATION.secret_key
ALLOWED_HOSTS = list(_CONFIGURATION.allowed_hosts)
STATE_DIR = _CONFIGURATION.state

# Assay's own
CREDENTIAL_KEYS = _CONFIGURATION.credential_keys
EGRESS_ALLOW = _CONFIGURATION.egress_allow
DNS_SERVERS = _CONFIGURATION.dns_servers
EVIDENCE_DAYS = _CONFIGURATION.evidence_days
"""Days after which the rows of a run's requests are removed, once its evidence bundle is safe; 0: never."""
LOG_ORIGIN = _CONFIGURATION.log_origin
SITE_URL = _CONFIGURATION.site_url
globals().update(_CONFIGURATION.email)
ADMIN_PATH = _CONFIGURATION.admin_path
ADMIN_NETWORKS = _CONFIGURATION.admin_networks
RUN_CONCURRENCY = _CONFIGURATION.run_concurrency
RUN_PLAN = _CONFIGURATION.run_plan
"""The plan of the runs that say nothing else; with any but `weights`, baselines hold behaviour too."""
HIDDEN_POOL = _CONFIGURATION.hidden_pool
METRICS_TOKEN = _CONFIGURATION.metrics_token
MONITOR_PROBES_PER_DAY = _CONFIGURATION.monitor_probes_per_day
PROXY_COUNT = _CONFIGURATION.proxy_count
API_QUOTAS = api.QUOTAS
REST_FRAMEWORK = api.REST_FRAMEWORK
SPECTACULAR_SETTINGS = api.SPECTACULAR_SETTINGS
globals().update(api.CORS)
LEASE_SECONDS = 30.0
"""A run whose worker has not renewed its lease for this long is taken up by another."""
HEARTBEAT_SECONDS = 8.0
RUN_SECONDS = 50 * 60.0
"""A delivery that takes longer hands the run back, with everything observed so far kept."""
MAX_DELIVERIES = 3

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "verifier.apps.VerifierConfig",
    "leaderboard.apps.LeaderboardConfig",
    *account_settings.apps(_CONFIGURATION.social),
]
AUTHENTICATION_BACKENDS = account_settings.BACKENDS
globals().update(account_settings.settings(_CONFIGURATION.social, _CONFIGURATION.proxy_count))

MIDDLEWARE = [
    "leaderboard.middleware.Watched",
    "django.middleware.security.SecurityMiddleware",
    "leaderboard.middleware.Isolated",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "leaderboard.middleware.OperatorsPlace",
    "leaderboard.languages.LanguageOfAddress",
    "leaderboard.kept_pages.KeptPages",
    "leaderboard.middleware.PrivatePages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "leaderboard.middleware.ActorMiddleware",
]

ROOT_URLCONF = "leaderboard.urls"
WSGI_APPLICATION = "leaderboard.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "leaderboard.pages.web.site",
            ],
        },
    },
]

DATABASES: dict[str, dict[str, Any]] = {"default": dict(_CONFIGURATION.database)}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "leaderboard" / "locale"]

# Static files: whitenoise serves them, with far-future names outside development.
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Evidence bundles, and checkpoints of the log: what must outlive a restored database.
    "evidence": dict(_CONFIGURATION.evidence_storage),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# Pages that are the same for everybody, at most so old (leaderboard/kept_pages.py); 0: made for each reader.
KEPT_PAGE_SECONDS = 0 if DEBUG else 15

# Security headers
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *account_settings.sign_in_pages(_CONFIGURATION.social)],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = _CONFIGURATION.https
SECURE_HSTS_SECONDS = 63072000 if _CONFIGURATION.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _CONFIGURATION.https
SECURE_HSTS_PRELOAD = _CONFIGURATION.https
SESSION_COOKIE_SECURE = _CONFIGURATION.https
CSRF_COOKIE_SECURE = _CONFIGURATION.https
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
# Anybody can send this header, so it counts only where the operator says that a proxy sets it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _CONFIGURATION.proxy_count else None

# Celery: Redis is a doorbell, the database is the truth (leaderboard/celery.py has the schedule).
CELERY_BROKER_URL = _CONFIGURATION.redis_url
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 55 * 60
CELERY_TASK_TIME_LIMIT = 57 * 60
CELERY_TASK_DEFAULT_QUEUE = "assay.work"
CELERY_TASK_QUEUES = (Queue("assay.sweep"), Queue("assay.work"))
CELERY_TASK_ROUTES = {
    "verifier.sweep": {"queue": "assay.sweep"},
    "leaderboard.deliver": {"queue": "assay.sweep"},
    "leaderboard.deliver_due": {"queue": "assay.sweep"},
    "leaderboard.follow_up": {"queue": "assay.sweep"},
    "leaderboard.keep_dump": {"queue": "assay.sweep"},
    "leaderboard.keep_evidence": {"queue": "assay.sweep"},
    "leaderboard.forget_unconfirmed": {"queue": "assay.sweep"},
    "leaderboard.review_certificates": {"queue": "assay.sweep"},
    "leaderboard.checkpoint": {"queue": "assay.sweep"},
    "leaderboard.check_proof": {"queue": "assay.sweep"},
    "leaderboard.check_proofs": {"queue": "assay.sweep"},
    "verifier.start_due": {"queue": "assay.sweep"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60 * 60,
    # The sweep is never kept waiting behind a thousand runs.
    "queue_order_strategy": "priority",
    # Names of our own, so that a Redis may be shared (kombu's key prefix breaks counting a queue).
    "unacked_key": "assay.unacked",
    "unacked_index_key": "assay.unacked_index",
    "unacked_mutex_key": "assay.unacked_mutex",
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
    # A web request that finds no broker goes on at once: the sweep calls again.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"

LOGGING = logs.configuration(_CONFIGURATION.log_level, as_json=not DEBUG)
logs.configure()
if _CONFIGURATION.sentry_dsn:
    error_reports.start(_CONFIGURATION.sentry_dsn)
