"""Numbers as a report writes them: two significant digits of uncertainty, real minus signs, thin spaces."""

from __future__ import annotations

from datetime import datetime
from math import floor, log10

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
SPACE = "\N{NO-BREAK SPACE}"
DASH = "\N{EN DASH}"
NONE = "\N{EN DASH}"
"""What stands where there is no number."""
AGES = ((noop("%(n)sd ago"), 86_400), (noop("%(n)sh ago"), 3_600), (noop("%(n)smin ago"), 60))
"""How long ago in words, and the seconds from which on it is said so; `n` ends with a thin space."""


def decimals_for(low: float | None, high: float | None, most: int = 2) -> int:
    """Decimals that show two significant digits of the uncertainty (half the interval), at most `most`."""
    if low is None or high is None:
        return min(1, most)
    half = abs(high - low) / 2
    if half <= 0:
        return most
    return max(0, min(most, 1 - floor(log10(half))))


def fixed(value: float | None, decimals: int = 1) -> str:
    """`value` with this many decimals, a real minus sign, thin spaces between thousands."""
    if value is None:
        return NONE
    text = f"{value:,.{decimals}f}".replace(",", THIN)
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.") else MINUS + text[1:]
    return text


def signed(value: int) -> str:
    """A difference with its sign: `+13`, `−2`, `0`."""
    return f"+{whole(value)}" if value > 0 else whole(value)


def significant(value: float) -> str:
    """A number to three significant digits, whole numbers as they are."""
    if value == round(value):
        return whole(value)
    return fixed(value, max(0, min(6, 2 - floor(log10(abs(value))))))


def whole(value: float | None) -> str:
    """A count: 12 345."""
    return fixed(value, 0)


def estimate(value: float | None, low: float | None, high: float | None, most: int = 2) -> str:
    """The value, as precise as its interval allows."""
    return fixed(value, decimals_for(low, high, most))


def interval(low: float | None, high: float | None, most: int = 2) -> str:
    """`96.74–97.65`, both ends as precise as the interval allows. Empty where there is none."""
    if low is None or high is None:
        return ""
    decimals = decimals_for(low, high, most)
    return f"{fixed(low, decimals)}{DASH}{fixed(high, decimals)}"


def percent(share: float | None, decimals: int = 0) -> str:
    """A share of 1 as a percentage: 0.93 is `93 %`."""
    return NONE if share is None else f"{fixed(100 * share, decimals)}{THIN}%"


def quantity(value: float | None, unit: str, decimals: int = 0) -> str:
    """A number and its unit with a thin space between."""
    return NONE if value is None else f"{fixed(value, decimals)}{THIN}{unit}"


def seconds(value: float | None) -> str:
    """A duration given in seconds: `38 ms`, `1.24 s`, `3 min 20 s`."""
    if value is None:
        return NONE
    if value < 0.9995:
        return quantity(value * 1000, "ms", 0)
    if value < 59.995:
        return quantity(value, "s", 2 if value < 9.995 else 1)
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes}{THIN}min {rest}{THIN}s" if rest else f"{minutes}{THIN}min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{THIN}h {minutes}{THIN}min"


def evidence(e_value: float | None) -> str:
    """An e-value to two significant digits; large ones as a power of ten, as odds are spoken of."""
    if e_value is None:
        return NONE
    if e_value < 0.001:
        return "<" + THIN + "0.001"
    if e_value < 10:
        return f"{e_value:.2g}"
    if e_value < 10_000:
        return whole(float(f"{e_value:.2g}"))
    exponent = floor(log10(e_value))
    return f"{e_value / 10**exponent:.1f}{THIN}×{THIN}10{_superscript(exponent)}"


def probability(value: float | None) -> str:
    """A probability with two or three decimals; what is too small to show is said to be."""
    if value is None:
        return NONE
    if 0 < value < 0.0005:
        return "<" + THIN + "0.001"
    return f"{value:.3f}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits: `12 min ago`, `3 h ago`, `5 d ago`."""
    passed = max(0.0, (now - then).total_seconds())
    for said, length in AGES:
        if passed >= length:
            return gettext(said) % {"n": f"{int(passed // length)}{THIN}"}
    return gettext("just now")


def _superscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
