"""The named reads of presentation, one subject per file. The queries of each page are pinned by a test."""

from __future__ import annotations

from leaderboard.selectors.boards import (
    CONSIDERED,
    OPEN,
    Latest,
    Listed,
    endpoint,
    evidence_of_listed,
    findings_of,
    latest_results,
    models_on_the_board,
    observations_of,
    open_runs,
    provider,
    providers,
    rows_of_provider,
    run,
    runs_of,
    snapshot_of,
    snapshots,
    speaking,
)

__all__ = (
    "CONSIDERED",
    "OPEN",
    "Latest",
    "Listed",
    "endpoint",
    "evidence_of_listed",
    "findings_of",
    "latest_results",
    "models_on_the_board",
    "observations_of",
    "open_runs",
    "provider",
    "providers",
    "rows_of_provider",
    "run",
    "runs_of",
    "snapshot_of",
    "snapshots",
    "speaking",
)
