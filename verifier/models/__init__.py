"""The tables of facts. verifier.services is their only writer; verifier.selectors names the reads."""

from __future__ import annotations

from verifier.models.baselines import Baseline, BaselineState, RecordedAnswer, Reference, ReferenceRole
from verifier.models.credentials import Credential
from verifier.models.monitors import Monitor
from verifier.models.pulses import SWEEP, Pulse
from verifier.models.registry import ControlTruth, Endpoint, Model, Provider
from verifier.models.runs import (
    ALARM,
    CONFIRMATION,
    CONFIRMING,
    LOOK,
    OWN_SEED,
    RECHECK,
    SCHEDULED,
    WATCHING,
    Finding,
    Observation,
    Run,
    RunState,
    Verdict,
)
from verifier.models.schedules import Schedule
from verifier.models.states import IllegalTransition

__all__ = (
    "ALARM",
    "CONFIRMATION",
    "CONFIRMING",
    "LOOK",
    "OWN_SEED",
    "RECHECK",
    "SCHEDULED",
    "SWEEP",
    "WATCHING",
    "Baseline",
    "BaselineState",
    "ControlTruth",
    "Credential",
    "Endpoint",
    "Finding",
    "IllegalTransition",
    "Model",
    "Monitor",
    "Observation",
    "Provider",
    "Pulse",
    "RecordedAnswer",
    "Reference",
    "ReferenceRole",
    "Run",
    "RunState",
    "Schedule",
    "Verdict",
)
