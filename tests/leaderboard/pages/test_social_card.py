"""The picture of a link: each verdict has one, in the site's colours, whatever strangers call themselves."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from PIL import Image

from leaderboard.pages import social_card, words

FIDELITY = {"value": 74.7, "low": 73.1, "high": 76.4, "prompts": 130}


def document(**changes: Any) -> dict[str, Any]:
    return {
        "label": "Example cloud",
        "model": "example-org/example-7b",
        "provider": {"slug": "example-cloud", "name": "Example"},
        "verdict": "deviating",
        "awaits": None,
        "certificate": None,
        "cause": {"name": "weight quantization"},
        "fidelity": FIDELITY,
        "honest_band": {"fidelity": 99.4},
        "run": {"ended": "2026-11-19T06:00:00+00:00"},
        **changes,
    }


def picture(**changes: Any) -> Image.Image:
    return Image.open(io.BytesIO(social_card.export(document(**changes))))


def colours(image: Image.Image) -> set[str]:
    found = image.getcolors(2**20)
    assert found is not None
    return {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in found}  # type: ignore[misc]


@pytest.mark.parametrize("verdict", [None, *words.VERDICTS])
def test_every_verdict_has_a_picture_in_its_colour(verdict: str | None) -> None:
    image = picture(verdict=verdict)
    assert image.size == (1200, 630)
    assert social_card.TONES[words.verdict(verdict).tone] in colours(image)


def test_what_was_not_measured_shows_no_dot() -> None:
    assert social_card.TONES["deviating"] not in colours(
        picture(verdict=None, fidelity=None, honest_band=None, run=None, cause=None)
    )


def test_a_certificate_a_cause_and_a_doubt_are_told() -> None:
    plain = picture(cause=None).tobytes()
    certified = {"state": "certified"}
    told = [picture(), picture(cause=None, certificate=certified), picture(awaits={"needed": 300})]
    assert len({plain, *(image.tobytes() for image in told)}) == 4


def test_its_colours_are_those_of_the_stylesheet() -> None:
    sheet = (settings.BASE_DIR / "static" / "css" / "assay.css").read_text()
    own = {social_card.BACKGROUND, social_card.INK, social_card.SECOND, social_card.LINE, social_card.RULE}
    for colour in (*own, social_card.BAND, *social_card.TONES.values()):
        assert f": {colour};" in sheet


@examples(max_examples=20)
@given(label=st.text(min_size=1, max_size=300), name=st.text(min_size=1, max_size=300))
def test_any_name_can_be_drawn(label: str, name: str) -> None:
    assert picture(label=label, provider={"slug": "x", "name": name}, model=f"{name}/{label}").width == 1200
