"""The stylesheet's promises: contrast in both themes, no request that leaves the site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
CSS = (STATIC / "css" / "assay.css").read_text()
EVERY = "".join(path.read_text() for path in sorted((STATIC / "css").glob("*.css")))
TEXT_ON_PAPER = ("ink", "second", "faithful", "deviating", "different", "accent")
PAPERS = ("background", "card", "soft")


def tokens(theme: str) -> dict[str, str]:
    """The colour tokens of a theme; dark ones replace light ones."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    found = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", blocks[0]))
    if theme == "dark":
        found |= dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", blocks[1]))
    return found


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def seen_by_deuteranope(colour: str) -> tuple[float, ...]:
    """Linear RGB as seen without green cones (Viénot, Brettel and Mollon 1999)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return (0.29275 * r + 0.70725 * g, 0.29275 * r + 0.70725 * g, -0.02234 * r + 0.02234 * g + b)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("name", TEXT_ON_PAPER)
def test_text_has_contrast(theme: str, paper: str, name: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[name], colours[paper]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_that_mean_something_have_contrast(theme: str) -> None:
    colours = tokens(theme)
    for paper in ("background", "card"):
        assert contrast(colours["rule"], colours[paper]) >= 3
    for tone in ("faithful", "deviating", "different", "second"):
        assert contrast(colours[tone], colours["band"]) >= 3, "a dot on the honest band"
    assert contrast(colours["faithful"], colours["band"]) >= 4.5
    assert contrast(colours["background"], colours["ink"]) >= 4.5, "a filter that is on"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_verdicts_can_be_told_apart_without_green_cones(theme: str) -> None:
    colours = tokens(theme)
    seen = [seen_by_deuteranope(colours[tone]) for tone in ("faithful", "deviating", "different")]
    for index, one in enumerate(seen):
        for other in seen[index + 1 :]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.02


def test_the_tokens_are_those_of_the_design() -> None:
    light, dark = tokens("light"), tokens("dark")
    assert (light["background"], light["ink"], light["faithful"]) == ("#fbfaf6", "#1d1c21", "#0b7358")
    assert (dark["background"], dark["ink"], dark["faithful"]) == ("#141418", "#ecebf0", "#4fc79e")


def test_everything_the_stylesheet_asks_for_is_here() -> None:
    asked = re.findall(r"url\(\"([^\"]+)\"\)", EVERY)
    assert asked
    for address in asked:
        assert (STATIC / "css" / address).resolve().is_file()
    assert "http" not in EVERY
    assert "@import" not in EVERY


def test_colours_have_one_home() -> None:
    """Every area speaks in the tokens of assay.css: a colour written elsewhere would miss a theme."""
    for path in (STATIC / "css").glob("*.css"):
        # One puts somebody else's page (Swagger UI) on paper that fits it, one stands alone on others' pages.
        if path.name in ("docs.css", "card.css"):
            continue
        found = re.findall(r":[^;{}]*(#[0-9a-f]{3,8})\b[^{}]*;", path.read_text())
        assert not found or path.name == "assay.css", f"{path.name}: {found}"


def test_the_fonts_stay_small_and_have_their_licence() -> None:
    fonts = list((STATIC / "fonts").glob("*.woff2"))
    assert sum(font.stat().st_size for font in fonts) < 200_000
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts" / "OFL.txt").read_text()
    assert all(font.name in (STATIC / "fonts" / "README.md").read_text() for font in fonts)


def test_motion_can_be_switched_off() -> None:
    assert "prefers-reduced-motion: reduce" in CSS
