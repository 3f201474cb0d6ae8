"""The tables of facts. verifier.services is their only writer; verifier.selectors names the reads."""

from __future__ import annotations

from verifier.models.baselines import Baseline, BaselineState, RecordedAnswer, Reference, ReferenceRole
from verifier.models.credentials import Credential
from verifier.models.registry import ControlTruth, Endpoint, Model, Provider
from verifier.models.runs import Finding, Observation, Run, RunState, Verdict
from verifier.models.states import IllegalTransition

__all__ = (
    "Baseline",
    "BaselineState",
    "ControlTruth",
    "Credential",
    "Endpoint",
    "Finding",
    "IllegalTransition",
    "Model",
    "Observation",
    "Provider",
    "RecordedAnswer",
    "Reference",
    "ReferenceRole",
    "Run",
    "RunState",
    "Verdict",
)
