"""The tables of presentation. leaderboard.services is their only writer."""

from __future__ import annotations

from leaderboard.models.alert import Alert, Delivery, DeliveryAttempt, DeliveryState, Subscription, Webhook
from leaderboard.models.api_token import ApiToken, Scope
from leaderboard.models.audit_event import AuditEvent, AuditEventIsFinal
from leaderboard.models.certificate import Certificate, CertificateStep
from leaderboard.models.dispute import Dispute
from leaderboard.models.dispute import Outcome as DisputeOutcome
from leaderboard.models.dump import Dump
from leaderboard.models.evidence import EvidenceBundle, HiddenPool
from leaderboard.models.kept_answer import KeptAnswer
from leaderboard.models.log_entry import Checkpoint, LogEntry, LogHead, SigningKey
from leaderboard.models.organisation import Invitation, Membership, Organisation, Role
from leaderboard.models.ownership_proof import PROOF_TRANSITIONS, OwnershipProof, ProofMethod, ProofState
from leaderboard.models.published import Change, ChangeKind, PublishedEndpoint
from leaderboard.models.snapshot import Snapshot
from leaderboard.models.submission import SUBMISSION_TRANSITIONS, Submission, SubmissionState

__all__ = (
    "PROOF_TRANSITIONS",
    "SUBMISSION_TRANSITIONS",
    "Alert",
    "ApiToken",
    "AuditEvent",
    "AuditEventIsFinal",
    "Certificate",
    "CertificateStep",
    "Change",
    "ChangeKind",
    "Checkpoint",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "Dispute",
    "DisputeOutcome",
    "Dump",
    "EvidenceBundle",
    "HiddenPool",
    "Invitation",
    "KeptAnswer",
    "LogEntry",
    "LogHead",
    "Membership",
    "Organisation",
    "OwnershipProof",
    "ProofMethod",
    "ProofState",
    "PublishedEndpoint",
    "Role",
    "Scope",
    "SigningKey",
    "Snapshot",
    "Submission",
    "SubmissionState",
    "Subscription",
    "Webhook",
)
