"""Structured logs, one line an event; whatever looks like a secret is masked before it is written."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

MASK = "[redacted]"
_SECRET_NAME = re.compile(
    r"(api[_-]?key|authorization|password|passwd|secret|credential|token|cookie)", re.IGNORECASE
)
_HARMLESS_NAME = re.compile(
    r"(prompt|completion|decision|max|probe)_tokens?\Z|tokens\Z|lease_token\Z", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"""(?x)
    (?P<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}           # an authorization header
    | (?P<scheme>\b[a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]+(?=@)     # user and password in an address
    | \bassay_[a-z0-9]{12}_[A-Za-z0-9_-]{43}                          # our own tokens
    | \b(?:sk|pk|rk|gsk|hf|xai|nvapi|fw|key)[-_][A-Za-z0-9_-]{12,}  # the usual shapes of provider keys
    """,
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """`text` without the keys, authorization values and address passwords it may hold."""
    return _SECRET_TEXT.sub(lambda match: (match["keep"] or match["scheme"] or "") + MASK, text)


def masked(value: Any) -> Any:
    """`value` with every text in it masked, and whatever is called a secret left out."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: MASK if _is_secret(str(key)) else masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item) for item in value]
    if isinstance(value, BaseException):
        return mask(f"{type(value).__name__}: {value}")
    return value


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: masks secrets in every value, also in tracebacks already made text."""
    for key in list(event):
        if key.startswith("_"):
            continue
        event[key] = MASK if _is_secret(key) else masked(event[key])
    return event


def name_call(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: what a worker says of a call before it begins names it as its own lines do."""
    data = getattr(event.get("_record"), "data", None)
    if isinstance(data, Mapping) and {"id", "name"} <= data.keys():
        event.setdefault("task_id", data["id"])
        event.setdefault("task", data["name"])
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    name_call,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    redact,
]


def configuration(level: str, *, as_json: bool) -> dict[str, Any]:
    """A logging dictConfig: JSON lines in production, readable lines in development, both redacted."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "assay": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "assay"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # Its own handlers write lines of another form, past the redaction.
            "_granian": {"handlers": [], "level": level, "propagate": True},
            # These two print whole requests and addresses at INFO.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
        },
    }


def configure() -> None:
    """Let structlog's own loggers go through the standard library, where the handlers are."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(True)
