"""The badge as a picture of our own: a word, a shape and a colour, readable in both themes and aloud."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from leaderboard.exports.badge import Badge

MEDIA_TYPE = "image/svg+xml"
STYLE = (
    "text{font:11px Verdana,DejaVu Sans,Geneva,sans-serif}.a{fill:#1d1c21}.l{fill:#e3dfd5}.b{fill:#fff}"
    ".good{fill:#0b7358}.bad{fill:#b8430a}.quiet{fill:#5f5c66}"
    "@media(prefers-color-scheme:dark){.a{fill:#ecebf0}.l{fill:#33323a}.b{fill:#141418}"
    ".good{fill:#4fc79e}.bad{fill:#f2925c}.quiet{fill:#a5a2ae}}"
)
STYLE_HASH = "'sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode() + "'"
"""What a policy allows, so that no other style runs where the picture is opened by itself."""

SHAPES = {
    "good": '<circle cx="{x}" cy="10" r="4" class="b"/>',
    "bad": '<path d="M{x} 5.5l4.5 8.5h-9z" class="b"/>',
    "quiet": '<path d="M{x} 6a4 4 0 1 0 .01 0zm0 1.5a2.5 2.5 0 1 1-.01 0z" class="b"/>',
}
_HEIGHT, _PAD = 20, 7


def export(badge: Badge) -> str:
    """An SVG document without anything that acts; every text in it is escaped."""
    left, right = _width(badge.label) + 2 * _PAD, _width(badge.message) + 2 * _PAD + 13
    text = escape(badge.text)
    shape = SHAPES[badge.tone].format(x=left + _PAD + 4)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" '
        f'viewBox="0 0 {left + right} {_HEIGHT}" role="img" aria-label="{text}"><title>{text}</title>'
        f"<style>{STYLE}</style>"
        f'<rect class="l" width="{left}" height="{_HEIGHT}"/>'
        f'<rect class="{badge.tone}" x="{left}" width="{right}" height="{_HEIGHT}"/>{shape}'
        f'<text class="a" x="{_PAD}" y="14" textLength="{left - 2 * _PAD}">{escape(badge.label)}</text>'
        f'<text class="b" x="{left + _PAD + 13}" y="14" textLength="{right - 2 * _PAD - 13}">'
        f"{escape(badge.message)}</text></svg>"
    )


def _width(text: str) -> int:
    """About how wide a text is at 11 px; `textLength` then makes it exactly that."""
    narrow = sum(letter in " .,:;|iIjl!'·" for letter in text)
    return round(7.1 * (len(text) - narrow) + 4.0 * narrow)
