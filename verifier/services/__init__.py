"""The only writer of verifier's tables. One file per subject; import from here."""

from __future__ import annotations

from verifier.services.baselines import BaselineNotPossible, queue_baseline, record_baseline
from verifier.services.registry import (
    keep_key_blind,
    register_endpoint,
    register_model,
    register_provider,
    register_reference,
    remove_credential,
    rotate_credentials,
    save_endpoint,
    save_reference,
    set_credential,
)
from verifier.services.runs import RunNotPossible, cancel_run, confirm_run, execute_run, queue_run
from verifier.services.schedule import start_due, unwatch, watch
from verifier.services.sweeping import hand_back_all, sweep

__all__ = (
    "BaselineNotPossible",
    "RunNotPossible",
    "cancel_run",
    "confirm_run",
    "execute_run",
    "hand_back_all",
    "keep_key_blind",
    "queue_baseline",
    "queue_run",
    "record_baseline",
    "register_endpoint",
    "register_model",
    "register_provider",
    "register_reference",
    "remove_credential",
    "rotate_credentials",
    "save_endpoint",
    "save_reference",
    "set_credential",
    "start_due",
    "sweep",
    "unwatch",
    "watch",
)
