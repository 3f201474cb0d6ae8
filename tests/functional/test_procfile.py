"""The production path: the Procfile's own lines, and one endpoint from registration to the board."""

from __future__ import annotations

import json
import os
import re

import pytest

from leaderboard.demo.rechecking import rechecked
from tests.functional.browsing import Visitor
from tests.functional.conftest import Site
from tests.functional.surroundings import until
from verifier.evidence.canonical import result_text

pytestmark = pytest.mark.timeout(600)


def test_an_endpoint_goes_from_registration_to_the_board_over_http(site: Site) -> None:
    if os.environ.get("DATABASE_URL"):
        assert site.around.environment["DATABASE_URL"].startswith("postgres")
    visitor = Visitor(site.around.url)
    endpoint = site.offer("int4-g64")
    page = site.operator.act("endpoint", "start_run", endpoint)
    assert "is queued" in page
    run, *_ = site.run_of(endpoint)
    assert "Lab int4-g64" in visitor.get(f"/runs/{run}/")

    def complete() -> bool:
        _, state, _ = site.run_of(endpoint)
        assert state != "failed", site.around.rows("select error from verifier_run")
        return state == "complete"

    until(complete, "the run is complete", children=list(site.children.values()))
    assert site.run_of(endpoint)[2] == "deviating"
    board = until(
        lambda: (
            (page := visitor.get("/"))
            and re.search(r"Lab int4-g64.*?deviating", page, re.DOTALL | re.IGNORECASE)
        ),
        "the board shows it",
        patience=20,
    )
    assert board
    drill_down = visitor.get(f"/endpoints/{endpoint}/")
    assert "deviat" in drill_down.lower()
    assert site.lab["int4-g64"] not in board[0]
    _judged_again_elsewhere(site, visitor, run)


def _judged_again_elsewhere(site: Site, visitor: Visitor, run: str) -> None:
    """What a stranger downloads of a real run gives the stored result to the byte, on another machine."""
    ((stored,),) = site.around.rows(
        f"select result from verifier_run where id in ('{run}', '{run.replace('-', '')}')"
    )
    result = json.loads(stored) if isinstance(stored, str) else stored
    address = f"/api/v1/runs/{run}/evidence"
    bundle = visitor.file(address)
    known = visitor.file(f"/api/v1/baselines/{result['baseline']}")
    assert rechecked(bundle, known) == result_text(result)


def test_secrets_reach_no_log(site: Site) -> None:
    for name in ("web", "worker", "beat"):
        log = (site.around.folder / f"{name}.log").read_text(encoding="utf-8")
        for variable in ("SECRET_KEY", "CREDENTIAL_KEYS"):
            assert site.around.environment[variable] not in log
        assert "correct horse" not in log
