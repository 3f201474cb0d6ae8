from __future__ import annotations

from datetime import UTC, datetime

from leaderboard.pages import numbers
from leaderboard.pages.weighing import ACCUSING, CLEARING, questions, watched
from tests.leaderboard.factories import faithful, result
from verifier.models import Monitor
from verifier.stats.decision import WEIGHTS, Decision
from verifier.stats.e_detector import EDetector


def test_every_kind_of_evidence_is_shown_with_what_it_takes() -> None:
    deviation, faithfulness = questions(result())
    assert (deviation.needed, faithfulness.needed) == ("300", "100")
    assert [part.weight.replace(numbers.THIN, " ") for part in deviation.parts] == [
        "76 %",
        "5 %",
        "7 %",
        "7 %",
        "5 %",
    ]
    lists, *others = deviation.parts
    assert (lists.value.replace(numbers.THIN, " "), lists.tone) == ("1 000", "deviating")
    assert {part.tone for part in others} == {"quiet"}
    assert deviation.total is not None
    assert (deviation.total.value, deviation.total.claim) == ("810", "their weighted mean")
    assert faithfulness.total is None
    assert {part.tone for part in questions(faithful())[1].parts} == {"faithful"}


def test_evidence_that_shrank_again_says_so() -> None:
    e_values = result()["e_values"] | {"accusation": 812.3, "accusation_now": 90.0}
    total = questions(result(e_values=e_values))[0].total
    assert total is not None
    assert total.claim == "their weighted mean, at its height; 90 at the end"


def test_a_watched_endpoint_says_how_far_its_detector_is() -> None:
    detector = EDetector(0.01, 87_660.0)
    for _ in range(40):
        detector.update(0.001)
    began = datetime(2026, 11, 4, tzinfo=UTC)
    monitor = Monitor(state=detector.state(), started=began)
    said = watched(monitor).replace(numbers.THIN, " ")
    assert said.startswith("Watched for a change since 4 November 2026, over 40 prompts: the evidence of one")
    assert "8.8 × 10⁴ gives an alarm" in said
    assert "It gave" not in said
    monitor.alarms, monitor.alarmed = 2, began
    assert "It gave one 2 times, last on 4 November 2026." in watched(monitor).replace(numbers.THIN, " ")
    assert watched(None) == ""
    assert watched(Monitor(state={}, started=began)) == ""


def test_a_result_that_weighed_nothing_shows_nothing() -> None:
    assert questions({}) == ()
    assert questions(result("not-measured", None, e_values={})) == ()


def test_no_kind_of_evidence_is_kept_back() -> None:
    decision = Decision(delta=0.01, c=0.05, alpha=0.01)
    known = {*ACCUSING, *CLEARING, "accusation", "accusation_now", "different_model"}
    assert set(decision.e_values()) == known
    assert set(ACCUSING) == set(WEIGHTS)
