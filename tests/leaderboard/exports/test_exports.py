from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leaderboard import boards, documents
from leaderboard.exports import badge_json, badge_svg, litellm, openrouter, parquet, routing, vercel
from leaderboard.exports import csv as csv_export
from leaderboard.exports.badge import badge
from leaderboard.exports.table import COLUMNS
from tests.leaderboard import factories

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MODEL = {"id": "m", "org": "org", "name": "model", "precision": "bf16", "licence": "", "url": ""}

SHIELDS = {
    "type": "object",
    "required": ["schemaVersion", "label", "message"],
    "additionalProperties": False,
    "properties": {
        "schemaVersion": {"const": 1},
        "label": {"type": "string"},
        "message": {"type": "string", "minLength": 1},
        "color": {"type": "string"},
        "labelColor": {"type": "string"},
        "isError": {"type": "boolean"},
        "namedLogo": {"type": "string"},
        "logoSvg": {"type": "string"},
        "logoColor": {"type": "string"},
        "logoSize": {"type": "string"},
        "style": {"type": "string"},
        "cacheSeconds": {"type": "integer", "minimum": 300},
    },
}
"""The endpoint schema as shields.io documents it."""


def document(
    label: str = "One", result: Any = None, *, days: float = 2, certificate: str = "", **offer: Any
) -> dict[str, Any]:
    fields = {
        "id": label.lower(), "label": label, "what": "", "variant": "", "declared": "bf16", "control": False,
        "base_url": "https://one.invalid/v1", "upstream_model": "one", "region": "",
        "price_in": None, "price_out": None, "provider": {"slug": "cloud", "name": "Cloud"},
    }  # fmt: skip
    if certificate:
        fields["certificate"] = {"id": "c", "state": certificate, "since": "", "expires": NOW.isoformat()}
    ended = (NOW - timedelta(days=days)).isoformat()
    entry = {
        "endpoint": {**fields, **offer},
        "run": None if result is None else {"id": "r", "ended": ended},
        "result": result,
        "missed": None,
    }
    board = boards.build(MODEL, [entry])
    return documents.endpoint(board["model"], board["rows"][0])


def test_the_whole_of_a_csv_is_text_to_a_spreadsheet() -> None:
    hostile = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "%0A", "|x"]
    made = csv_export.export([document(label) for label in [*hostile, 'Quote " and, comma', "Plain\nlines"]])
    head, *lines = list(csv.reader(StringIO(made.decode("utf-8"), newline="")))
    assert head == [column.name for column in COLUMNS]
    labels = [dict(zip(head, line, strict=True))["label"] for line in lines]
    assert labels == ["'" + label for label in hostile] + ['Quote " and, comma', "Plain\nlines"]
    for line in lines:
        for value in line:
            assert not value.lstrip(" ").startswith(csv_export.STARTS), value


def test_numbers_of_a_csv_stay_numbers() -> None:
    found = document(result=factories.faithful(), price_in=0.2, control=True)
    head, line = list(csv.reader(StringIO(csv_export.export([found]).decode(), newline="")))
    row = dict(zip(head, line, strict=True))
    assert (row["fidelity"], row["price_input"], row["control"], row["tools"]) == ("99.54", "0.2", "true", "")
    assert csv_export.cell(-0.5) == "-0.5", "a number starts nothing"


def test_parquet_opens_with_typed_columns() -> None:
    made = parquet.export([document(result=factories.faithful()), document("Two")])
    table = pq.read_table(BytesIO(made))
    assert table.schema.field("fidelity").type == pa.float64()
    assert table.schema.field("control").type == pa.bool_()
    assert table.schema.field("measured_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("prompts").type == pa.int64()
    assert table.schema.field("fidelity").metadata == {b"description": b"Of 100 next tokens."}
    first, second = table.to_pylist()
    assert (first["fidelity"], first["measured_at"]) == (99.54, NOW - timedelta(days=2))
    assert (second["verdict"], second["measured_at"], second["fidelity"]) == (None, None, None)


def test_an_empty_table_keeps_its_types() -> None:
    assert pq.read_table(BytesIO(parquet.export([]))).schema.types == [
        parquet.TYPES[one.kind] for one in COLUMNS
    ]


def test_an_openrouter_request_names_only_documented_fields() -> None:
    documented = {"order", "only", "ignore", "quantizations", "allow_fallbacks"}
    good = document("Good", factories.faithful(grade="A"), variant="turbo")
    bad = document("Bad", factories.result(), provider={"slug": "other", "name": "Other"})
    found = openrouter.export([good], [bad], NOW)
    assert set(found["provider"]) == documented
    assert found["provider"]["only"] == found["provider"]["order"] == ["cloud/turbo"]
    assert found["provider"]["ignore"] == ["other"]
    assert found["provider"]["quantizations"] == ["bf16"]
    assert found["provider"]["allow_fallbacks"] is False
    assert found["assay"]["endpoints"][0]["age_days"] == 2
    assert found["assay"]["endpoints"][0]["verdict"] == "faithful"


def test_a_quantization_that_openrouter_does_not_know_restricts_nothing() -> None:
    found = openrouter.export([document("One", factories.faithful(declared="mxfp4"))], [], NOW)
    assert "quantizations" not in found["provider"]


def test_controls_are_never_shunned_by_name() -> None:
    control = document("Control", factories.result(), control=True)
    assert (
        "ignore" not in openrouter.export([document("One", factories.faithful())], [control], NOW)["provider"]
    )


def test_the_gateway_leaves_out_a_provider_with_an_accused_endpoint() -> None:
    good = document("Good", factories.faithful())
    other = document("Other", factories.faithful(), provider={"slug": "other", "name": "Other"})
    bad = document("Bad", factories.result(), variant="turbo")
    found = vercel.export([good, other], [bad], NOW)
    assert found["providerOptions"] == {"gateway": {"order": ["other"], "only": ["other"]}}
    assert [one["id"] for one in found["assay"]["endpoints"]] == ["other"]


def test_the_certified_come_first_then_the_better_then_the_cheaper() -> None:
    kinds = [
        document("dear", factories.faithful(grade="A"), price_out=9.0),
        document("cheap", factories.faithful(grade="A"), price_out=1.0),
        document("best", factories.faithful(grade="A+")),
        document("certified", factories.faithful(grade="B"), certificate="certified"),
        document("ungraded", factories.faithful()),
    ]
    assert [one["id"] for one in routing.preferred(kinds)] == [
        "certified",
        "best",
        "cheap",
        "dear",
        "ungraded",
    ]


def test_litellm_itself_loads_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    monkeypatch.setenv("CLOUD_API_KEY", "sk-test")
    import yaml
    from litellm.router import Router

    made = litellm.export(
        [
            document("One", factories.faithful(), price_in=0.2, price_out=0.6),
            document("Two", factories.faithful()),
        ],
        NOW,
    )
    router = Router(model_list=yaml.safe_load(made)["model_list"])
    assert set(router.get_model_names()) == {"org/model"}
    first = router.get_deployment(model_id="one")
    assert first is not None
    assert first.litellm_params.model == "openai/one"
    assert first.litellm_params.api_base == "https://one.invalid/v1"
    assert first.litellm_params.api_key == "sk-test", "read from the environment, by LiteLLM"
    assert first.model_info.model_dump()["assay"]["age_days"] == 2
    assert first.litellm_params.output_cost_per_token == pytest.approx(6e-7)


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("together", "TOGETHER_API_KEY"),
        ("deep-infra", "DEEP_INFRA_API_KEY"),
        ("302-ai", "PROVIDER_302_AI_API_KEY"),
    ],
)
def test_keys_are_named_after_their_providers(slug: str, name: str) -> None:
    assert litellm.key_name(slug) == name


@pytest.mark.parametrize(
    ("found", "message", "tone"),
    [
        (document(), "not yet measured", "quiet"),
        (document(result=factories.faithful(), days=0), "faithful · fidelity 99.5 · today", "good"),
        (document(result=factories.faithful(), days=1), "faithful · fidelity 99.5 · 1 day ago", "good"),
        (document(result=factories.result()), "deviating · fidelity 97.2 · 2 days ago", "bad"),
        (
            document(result=factories.result("different-model", None)),
            "different model · 2 days ago",
            "bad",
        ),
        (
            document(result=factories.faithful(), certificate="certified"),
            "certified · fidelity 99.5 · 2 days ago",
            "good",
        ),
        (
            document(result=factories.faithful(), certificate="suspended"),
            "suspended · fidelity 99.5 · 2 days ago",
            "bad",
        ),
        (
            document(result=factories.faithful(), certificate="watch"),
            "watch · fidelity 99.5 · 2 days ago",
            "quiet",
        ),
        (
            document(result=factories.result(), certificate="certified"),
            "certified, deviating · fidelity 97.2 · 2 days ago",
            "bad",
        ),
        (
            document(result=factories.faithful(), days=45),
            "faithful · fidelity 99.5 · stale, 45 days ago",
            "quiet",
        ),
    ],
)
def test_a_badge_tells_state_and_age(found: dict[str, Any], message: str, tone: str) -> None:
    made = badge(found, NOW)
    assert (made.message, made.tone) == (message, tone)
    shield = badge_json.export(made)
    jsonschema.validate(shield, SHIELDS)
    assert shield["message"] == message
    assert shield["isError"] == (tone == "bad")
    picture = badge_svg.export(made)
    assert f"<title>assay: {message}</title>" in picture


def test_a_control_is_named_as_one() -> None:
    assert badge(document(result=factories.faithful(), control=True), NOW).label == "assay control"


def test_a_picture_is_well_formed_and_holds_nothing_that_acts() -> None:
    from xml.etree import ElementTree

    from leaderboard.exports.badge import Badge

    made = badge_svg.export(Badge('<script>&"', "</text><image href='x'/> &amp;", "bad"))
    root = ElementTree.fromstring(made)
    tags = {element.tag.rsplit("}", 1)[1] for element in root.iter()}
    assert tags == {"svg", "title", "style", "rect", "path", "text"}
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"].startswith('<script>&"')
    assert json.dumps(badge_json.export(Badge("a", "b", "quiet")))
