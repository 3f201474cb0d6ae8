from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from leaderboard import boards
from leaderboard.pages.filters import MAX_QUERY, SORTS, Filters
from tests.leaderboard.factories import faithful, result


def entry(label: str, found: dict[str, Any] | None, provider: str = "Test", **kwargs: Any) -> dict[str, Any]:
    endpoint = {
        "id": label,
        "label": label,
        "what": "",
        "variant": "",
        "declared": "bf16",
        "control": False,
        "provider": {"slug": provider.lower(), "name": provider},
        **kwargs,
    }
    run = (
        None
        if found is None
        else {"id": f"run of {label}", "ended": found.pop("ended", "2026-11-23T12:00:00")}
    )
    return {"endpoint": endpoint, "run": run, "result": found, "missed": None}


ROWS = boards.build(
    {"id": "1", "org": "o", "name": "m", "precision": "bf16"},
    [
        entry("alpha", {**faithful(), "ended": "2026-11-20T12:00:00"}, "Äther"),
        entry("beta", {**result(decision_tokens=13), "ended": "2026-11-23T12:00:00"}),
        entry("gamma", result("different-model", (11.2, 8.1, 14.6), measured=None, state="unknown")),
        entry(
            "delta",
            result(fidelity=(78.3, 76.2, 80.3), measured="int4", decision_tokens=4),
            what="4-bit weights",
        ),
        entry("new", None),
    ],
)["rows"]


def shown(query: str) -> list[str]:
    return [row["endpoint"]["label"] for row in Filters.read(QueryDict(query).dict()).apply(ROWS)]


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("", ["alpha", "beta", "delta", "gamma", "new"]),
        ("verdict=faithful", ["alpha"]),
        ("verdict=deviating", ["beta", "delta", "gamma"]),
        ("fidelity=97", ["alpha", "beta"]),
        ("declared=differs", ["beta", "delta"]),
        ("verdict=deviating&fidelity=97", ["beta"]),
        ("q=INT4", ["delta"]),
        ("q=4-bit+weights", ["delta"]),
        ("q=äther", ["alpha"]),
        ("q=nothing+like+it", []),
        ("sort=name", ["alpha", "beta", "delta", "gamma", "new"]),
        ("sort=tokens", ["delta", "beta", "gamma", "alpha", "new"]),
        ("sort=measured", ["beta", "gamma", "delta", "alpha", "new"]),
        (
            "verdict=nonsense&fidelity=12&declared=x&sort=random()&unknown=1",
            ["alpha", "beta", "delta", "gamma", "new"],
        ),
    ],
)
def test_filters_and_orders(query: str, labels: list[str]) -> None:
    found = shown(query)
    assert (sorted(found) == sorted(labels)) if "sort=measured" in query else (found == labels)
    if "sort=measured" in query:
        assert (found[-1], found[-2]) == ("new", "alpha")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "verdict": st.sampled_from(["", "faithful", "deviating", "x"]),
            "fidelity": st.sampled_from(["97", "1", ""]),
            "declared": st.sampled_from(["differs", ""]),
            "q": st.text(max_size=120),
            "sort": st.sampled_from([*SORTS, "x"]),
            "model": st.just("org/name"),
        },
    )
)
def test_what_is_written_to_the_address_is_read_back(query: dict[str, str]) -> None:
    filters = Filters.read(query)
    assert Filters.read(QueryDict(filters.query()[1:]).dict()) == filters
    assert len(filters.text) <= MAX_QUERY
    for chip in filters.chips():
        Filters.read(QueryDict(chip.query[1:]).dict())


def test_each_chip_switches_one_filter_and_keeps_the_others() -> None:
    filters = Filters.read({"verdict": "faithful", "q": "lab", "sort": "name", "model": "o/m"})
    chips = {chip.id: chip for chip in filters.chips()}
    assert [chip.id for chip in filters.chips() if chip.on] == ["faithful"]
    assert parse_qs(chips["deviating"].query[1:])["verdict"] == ["deviating"]
    assert "verdict" not in parse_qs(chips["faithful"].query[1:]), "a second click switches it off"
    both = parse_qs(chips["high"].query[1:])
    assert both == {
        "model": ["o/m"],
        "verdict": ["faithful"],
        "fidelity": ["97"],
        "q": ["lab"],
        "sort": ["name"],
    }
    assert parse_qs(chips["all"].query[1:]) == {"model": ["o/m"], "q": ["lab"], "sort": ["name"]}


def test_the_form_sends_along_what_it_does_not_show() -> None:
    filters = Filters.read({"verdict": "faithful", "q": "lab", "sort": "name"})
    assert filters.hidden() == {"verdict": "faithful", "sort": "name"}
    assert filters.active
    assert parse_qs(filters.without()[1:]) == {"sort": ["name"]}
    assert not Filters(sort="name").active
    assert parse_qs(filters.sorted_by("tokens")[1:])["sort"] == ["tokens"]


def test_tool_calls_and_speed_are_asked_for() -> None:
    quick, slow = ({"tokens_per_second": {"p50": p50, "p95": p50 / 2, "n": 9}} for p50 in (90.0, 40.0))
    works = [{"check": "tool_schema", "outcome": "pass"}]
    fails = [{"check": "tool_schema", "outcome": "fail"}]
    rows = boards.build(
        {"id": "1", "org": "o", "name": "m", "precision": "bf16"},
        [
            entry("quick", faithful(speed=quick, findings=fails)),
            entry("slow", faithful(speed=slow, findings=works)),
            entry("silent", faithful()),
        ],
    )["rows"]

    def labels(query: str) -> list[str]:
        found = Filters.read(QueryDict(query).dict())
        assert found.active == ("tools" in query)
        return [row["endpoint"]["label"] for row in found.apply(rows)]

    assert labels("tools=work") == ["slow"]
    assert labels("sort=speed") == ["quick", "slow", "silent"]
    assert "tools=work" in Filters().chips(tools=True)[-1].query
