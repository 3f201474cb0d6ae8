"""Submissions, proofs and private runs as the API tells them to their organisation."""

from __future__ import annotations

from typing import Any

from leaderboard import run_documents, selectors
from leaderboard.api.runs import findings_of
from leaderboard.documents import API
from leaderboard.models import OwnershipProof, ProofState, Submission
from leaderboard.origins import file_url, origin_of, txt_name, txt_value
from leaderboard.services.submissions import PRIVATE_RUNS_A_DAY, declared
from verifier.models import Run


def row(submission: Submission) -> dict[str, Any]:
    """What is declared, and the state."""
    address = f"{API}/submissions/{submission.pk}"
    now = declared(submission)
    return {
        "id": str(submission.pk),
        "state": submission.state,
        "claim": submission.claim,
        "endpoint": str(submission.endpoint_id),
        **now,
        **{name: None if now[name] is None else float(now[name]) for name in ("price_in", "price_out")},
        "created": submission.created.isoformat(),
        "published": None if submission.published is None else submission.published.isoformat(),
        "links": {"self": address, "page": f"/submit/{submission.pk}/", "runs": f"{address}/runs"},
    }


def whole(submission: Submission) -> dict[str, Any]:
    """The same with its proof and private runs: of a claim that is not proven nothing of others."""
    organisation, endpoint = submission.organisation, submission.endpoint
    origin = origin_of(endpoint.base_url)
    proof = selectors.pending_proof(organisation, origin) or selectors.proof_of_origin(organisation, origin)
    proven = selectors.has_proven(organisation, endpoint.base_url)
    own = submission.state not in selectors.GONE and (proven or not submission.claim)
    return {
        **row(submission),
        "has_key": hasattr(endpoint, "credential") if own else None,
        "proof": None if proof is None else proof_document(proof),
        "proven": proven,
        "fresh": selectors.has_fresh_proof(organisation, endpoint.base_url),
        "private_runs": {
            "last_24_hours": selectors.private_runs_today(endpoint.pk),
            "limit_a_day": PRIVATE_RUNS_A_DAY,
            "in_all": selectors.private_attempts(endpoint.pk),
        }
        if own
        else None,
    }


def proof_document(proof: OwnershipProof) -> dict[str, Any]:
    """Where it stands; what to put where as long as that may still be done."""
    waits = proof.state == ProofState.PENDING
    name = txt_name(proof.origin)
    return {
        "origin": proof.origin,
        "state": proof.state,
        "method": proof.method or None,
        "file_url": file_url(proof.origin, proof.token) if waits else None,
        "file_content": proof.value if waits else None,
        "txt_name": name if waits and name else None,
        "txt_value": txt_value(proof.value) if waits and name else None,
        "expires": proof.expires.isoformat(),
        "checked": None if proof.checked is None else proof.checked.isoformat(),
        "reason": proof.reason,
    }


def run_row(submission: Submission, run: Run) -> dict[str, Any]:
    """A private run without its result, which the list does not load."""
    found = {
        "id": str(run.pk),
        "state": run.state,
        "created": run.created.isoformat(),
        "started": None if run.started is None else run.started.isoformat(),
        "ended": None if run.ended is None else run.ended.isoformat(),
        "progress": {"done": run.done, "planned": run.planned or None},
        "verdict": run.verdict or None,
    }
    address = f"{API}/submissions/{submission.pk}"
    links = {
        "self": f"{address}/runs/{run.pk}",
        "page": f"/submit/{submission.pk}/runs/{run.pk}/",
        "submission": address,
    }
    return {**found, "links": links}


def run_document(submission: Submission, run: Run) -> dict[str, Any]:
    """The whole diagnosis. Of hidden prompts no text: the provider of all people may not know them."""
    told = run_documents.Published(frozenset({run.verdict}), None)
    full = run_documents.document(selectors.columns_of(run), told)
    return {
        **run_row(submission, run),
        "versions": full["versions"],
        "result": full["result"],
        "findings": findings_of(run, silent=False),
    }
