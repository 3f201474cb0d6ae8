"""Errors told to a Sentry, where SENTRY_DSN names one: what went wrong and where, never with what.

No local variables, request bodies, addresses, headers, breadcrumbs or people; every text is masked as in the
logs. The lines of the log tell the rest: reports carry the same names of requests, calls and runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structlog.contextvars import get_contextvars

from leaderboard.logs import masked

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

LEFT_OUT = ("request", "user", "breadcrumbs")


def start(dsn: str) -> None:
    """Tell of errors from now on."""
    # An extra: pip install 'assay[sentry]'.
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.stdlib import StdlibIntegration

    sentry_sdk.init(
        dsn=dsn,
        integrations=[DjangoIntegration(), CeleryIntegration(propagate_traces=False)],
        # Nothing marks requests of ours: nobody is to tell those to endpoints from a customer's.
        auto_enabling_integrations=False,
        disabled_integrations=[StdlibIntegration()],
        trace_propagation_targets=[],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=_reduced,
    )


def _reduced(event: Event, _hint: Hint) -> Event:
    found: Any = masked({name: value for name, value in event.items() if name not in LEFT_OUT})
    found["tags"] = {**found.get("tags", {}), **get_contextvars()}
    reduced: Event = found
    return reduced
