"""The picture that other sites show of a link to an endpoint: what was measured, where it stands, and when.

1200 x 630 pixels, as Open Graph's readers expect, in the site's own type and colours
(static/css/assay.css). It says nothing that the endpoint's page does not say, and every number comes with its
interval.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from leaderboard import charts
from leaderboard.pages import words

WIDTH, HEIGHT, MARGIN = 1200, 630, 72
BACKGROUND, INK, SECOND, LINE, RULE, BAND = "#fbfaf6", "#1d1c21", "#5f5c66", "#e3dfd5", "#8d8a86", "#dcefe6"
TONES = {"faithful": "#0b7358", "deviating": "#b8430a", "different": "#8c1650", "quiet": SECOND}
SERIF, SANS = "assay-serif-600-latin.woff2", "assay-sans-latin.woff2"
MEDIUM = b"Medium"
ELLIPSIS = "…"
SMOOTH = 4
BASIC = ImageFont.Layout.BASIC
SCALE_Y = 442
"""Where the scale's line lies."""
NOT_DRAWN = 0x2500
"""From here on the faces have no letters: of a name with any of these the slug is shown."""

Font = ImageFont.FreeTypeFont
Document = Mapping[str, Any]
Shape = Callable[[ImageDraw.ImageDraw, int], None]


def export(document: Document) -> bytes:
    """A PNG of an endpoint's published document (leaderboard.documents)."""
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    draw = ImageDraw.Draw(image)
    _head(image, draw, document)
    _verdict(image, draw, document)
    _scale(image, draw, document)
    _foot(draw, document)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def _font(name: str, size: int) -> Font:
    face = ImageFont.truetype(str(settings.BASE_DIR / "static" / "fonts" / name), size, layout_engine=BASIC)
    if name == SANS:
        face.set_variation_by_name(MEDIUM)
    return face


def _fitting(text: str, font: Font, width: float) -> str:
    """As much of the text as there is room for."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + ELLIPSIS) > width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def _head(image: Image.Image, draw: ImageDraw.ImageDraw, document: Document) -> None:
    room = WIDTH - 2 * MARGIN
    brand, small, large = _font(SERIF, 38), _font(SANS, 26), _font(SERIF, 72)
    draw.line((MARGIN, 88, MARGIN + 54, 88), RULE, 3)
    draw.line((MARGIN, 77, MARGIN, 99), RULE, 3)
    draw.line((MARGIN + 54, 77, MARGIN + 54, 99), RULE, 3)
    _stamp(image, MARGIN + 34, 88, 9, TONES["faithful"], _disc)
    draw.text((MARGIN + 72, 88), "Assay", INK, brand, anchor="lm")
    model = _fitting(_drawn(document["model"], ""), small, room - 260)
    draw.text((WIDTH - MARGIN, 88), model, SECOND, small, anchor="rm")
    draw.line((MARGIN, 128, WIDTH - MARGIN, 128), LINE, 2)
    provider = document["provider"]
    label, name = (_drawn(text, provider["slug"]) for text in (document["label"], provider["name"]))
    draw.text((MARGIN, 214), _fitting(label, large, room), INK, large, anchor="ls")
    draw.text((MARGIN, 258), _fitting(name, small, room), SECOND, small, anchor="ls")


def _drawn(text: str, slug: str) -> str:
    return text if text.isprintable() and all(ord(letter) < NOT_DRAWN for letter in text) else slug


def _verdict(image: Image.Image, draw: ImageDraw.ImageDraw, document: Document) -> None:
    term, font = words.verdict(document["verdict"]), _font(SERIF, 46)
    colour = TONES[term.tone]
    x, y = MARGIN + 18, 330
    if shape := SHAPES.get(term.shape):
        _stamp(image, x, y, 18, colour, shape)
    said = term.title
    certificate, cause = document["certificate"] or {}, document["cause"] or {}
    if document["awaits"]:
        said += ", awaits confirmation"
    elif certificate.get("state") == "certified":
        said += " · certified"
    elif cause.get("name"):
        said += f" · {cause['name']}"
    draw.text((x + 40, y), _fitting(said, font, WIDTH - 2 * MARGIN - 60), colour, font, anchor="lm")


def _scale(image: Image.Image, draw: ImageDraw.ImageDraw, document: Document) -> None:
    """The site's scale: the honest band as a field, the fidelity as a dot with its interval."""
    band, fidelity = document["honest_band"], document["fidelity"]
    if band:
        draw.rectangle((_x(band["fidelity"]), SCALE_Y - 30, _x(100.0), SCALE_Y + 30), BAND)
    draw.line((MARGIN, SCALE_Y, WIDTH - MARGIN, SCALE_Y), RULE, 2)
    small = _font(SANS, 21)
    for tick in charts.NARROW_TICKS:
        at = _x(tick)
        draw.line((at, SCALE_Y - 6, at, SCALE_Y + 6), RULE, 2)
        anchor = "ls" if tick == 0 else "rs" if tick == 100 else "ms"
        draw.text((at, SCALE_Y + 60), f"{tick:g}", SECOND, small, anchor=anchor)
    if fidelity:
        colour = TONES[words.verdict(document["verdict"]).tone]
        draw.line((_x(fidelity["low"]), SCALE_Y, _x(fidelity["high"]), SCALE_Y), colour, 8)
        _stamp(image, round(_x(fidelity["value"])), SCALE_Y, 15, colour, _disc)


def _foot(draw: ImageDraw.ImageDraw, document: Document) -> None:
    fidelity, run, font = document["fidelity"], document["run"], _font(SANS, 28)
    draw.text((MARGIN, 568), _said(fidelity) if fidelity else "No fidelity measured", INK, font, anchor="ls")
    date = f"measured {run['ended'][:10]}" if run and run["ended"] else "not yet measured"
    draw.text((WIDTH - MARGIN, 568), date, SECOND, font, anchor="rs")


def _said(fidelity: Mapping[str, Any]) -> str:
    value, low, high = (f"{fidelity[name]:.1f}" for name in ("value", "low", "high"))
    return f"Fidelity {value} ({low}–{high}), {fidelity['prompts']} prompts"


def _x(fidelity: float) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * charts.position(fidelity) / 100


def _stamp(image: Image.Image, x: int, y: int, radius: int, colour: str, shape: Shape) -> None:
    """A shape with smooth edges: drawn large, and made small again."""
    large = 2 * radius * SMOOTH
    mask = Image.new("L", (large, large))
    shape(ImageDraw.Draw(mask), large)
    small = mask.resize((2 * radius, 2 * radius), Image.Resampling.LANCZOS)
    image.paste(colour, (x - radius, y - radius), small)


def _disc(draw: ImageDraw.ImageDraw, size: int) -> None:
    draw.ellipse((0, 0, size - 1, size - 1), 255)


def _ring(draw: ImageDraw.ImageDraw, size: int) -> None:
    edge = size // 8
    draw.ellipse((edge, edge, size - edge, size - edge), outline=255, width=size // 7)


def _triangle(draw: ImageDraw.ImageDraw, size: int) -> None:
    draw.polygon([(size / 2, size * 0.05), (size * 0.98, size * 0.9), (size * 0.02, size * 0.9)], 255)


def _cross(draw: ImageDraw.ImageDraw, size: int) -> None:
    near, far = size * 0.14, size * 0.86
    draw.line((near, near, far, far), 255, size // 6)
    draw.line((near, far, far, near), 255, size // 6)


SHAPES: Mapping[str, Shape] = {
    "disc": _disc,
    "triangle": _triangle,
    "cross": _cross,
    "ring": _ring,
    "dots": _ring,
}
"""As templates/parts/shape.html draws them; what has none stands without."""
