"""How a delivery of a job ends: done, failed, handed back, or left to whoever owns it now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from verifier.baseline.calibrate import CalibrationError
from verifier.baseline.record import RecordingError
from verifier.baseline.template import TemplateFault
from verifier.credentials import CredentialUnreadable
from verifier.models import BaselineState, RunState
from verifier.models.baselines import Baseline
from verifier.models.runs import Run
from verifier.models.states import BASELINE_TRANSITIONS, RUN_TRANSITIONS
from verifier.services.leases import Kind, Lease, LeaseLost
from verifier.services.working import OutOfTime, Unusable
from verifier.suites.loader import SuiteError

log = structlog.get_logger(__name__)

RUNS = Kind(Run, RunState.RUNNING, RUN_TRANSITIONS)
BASELINES = Kind(Baseline, BaselineState.RECORDING, BASELINE_TRANSITIONS)

EXPECTED = (Unusable, CredentialUnreadable, SuiteError, RecordingError, CalibrationError, TemplateFault)
"""Errors whose message already tells the operator what to do."""


@contextmanager
def delivery(lease: Lease, *, on_failed: Callable[[], None], again: Callable[[], object]) -> Iterator[None]:
    """The block does the work and ends the job itself; whatever it raises is settled here.

    `on_failed` is called inside the transaction that marks the job failed; `again` calls a worker to a job
    that was handed back.
    """
    about = log.bind(job=str(lease.job_id), kind=lease.kind.table.__name__.lower())
    try:
        yield
    except LeaseLost as lost:
        about.info("left to its owner", reason=str(lost))
    except OutOfTime:
        if lease.hand_back():
            about.warning("handed back", seconds=settings.RUN_SECONDS)
            again()
    except (OperationalError, InterfaceError) as error:
        # The database went away. The lease runs out, and the sweep calls a worker when it is back.
        about.error("database lost", error=str(error))
    except Exception as error:
        text = str(error)
        if not isinstance(error, EXPECTED):
            about.exception("failed unexpectedly")
            text = f"Assay itself failed ({type(error).__name__}: {text}). The worker's log has more."
        _fail(lease, text, on_failed)
        about.warning("failed", error=text)


def _fail(lease: Lease, text: str, on_failed: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            lease.end("failed", error=text.replace("\x00", "\ufffd"))
            on_failed()
    except LeaseLost:
        log.info("left to its owner", job=str(lease.job_id))
