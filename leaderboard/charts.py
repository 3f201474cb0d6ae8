"""Numbers to geometry: every picture of the site, as plain numbers that a template draws as SVG.

Horizontal positions and widths are percentages of the picture's width, so that a picture stretches with its
column while its dots stay round and its letters keep their size. Heights are the template's business.
Nothing here knows Django, HTML or colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, log10

NEAR, FAR = 0.25, 40.0
"""Deviations (100 - fidelity, points) between which the scale is logarithmic."""
LEFT, RIGHT = 6.0, 97.0
"""Where the logarithmic stretch begins and ends, percent of the width."""

WIDE_TICKS = (0.0, 60.0, 70.0, 80.0, 90.0, 95.0, 97.0, 98.0, 99.0, 99.5, 100.0)
NARROW_TICKS = (0.0, 70.0, 90.0, 97.0, 99.0, 100.0)


def position(fidelity: float) -> float:
    """Where a fidelity (0..100, clamped) stands, in percent of the width; higher fidelity is further right.

    Logarithmic in the deviation between 40 and 0.25, so that the honest band and the 8-bit, FP8 and 4-bit
    rungs each get room (LOOK.md); linear in the short stubs beyond, where only far off and the same count.
    """
    deviation = 100.0 - min(100.0, max(0.0, fidelity))
    if deviation >= FAR:
        return LEFT * (100.0 - deviation) / (100.0 - FAR)
    if deviation <= NEAR:
        return 100.0 - (100.0 - RIGHT) * deviation / NEAR
    return LEFT + (RIGHT - LEFT) * log(FAR / deviation) / log(FAR / NEAR)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the scale: left edge and width, percent."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Label:
    """A word on the scale. `anchor` is SVG's text-anchor; `level` counts lines upward from 0."""

    x: float
    text: str
    anchor: str = "middle"
    level: int = 0


@dataclass(frozen=True, slots=True)
class Rung:
    """A named degradation of the model on its ladder, with the fidelity it was measured at (0..100)."""

    label: str
    fidelity: float


@dataclass(frozen=True, slots=True)
class Measure:
    """A dot with its interval, percent."""

    x: float
    interval: Span


@dataclass(frozen=True, slots=True)
class Track:
    """One row's picture: the honest band as a field, rungs as lines, and the measured dot if there is one."""

    band: Span | None
    rungs: tuple[float, ...]
    measure: Measure | None


@dataclass(frozen=True, slots=True)
class Axis:
    """Tick positions with their numbers, and the names of the rungs and of the band above them."""

    ticks: tuple[Label, ...]
    names: tuple[Label, ...]
    levels: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """The large picture: one track, with an axis for wide and one for narrow screens.

    `nearest` is where the rung stands that the deviation is closest to, `place` the stretch of rungs that it
    may be.
    """

    track: Track
    wide: Axis
    narrow: Axis
    others: tuple[float, ...]
    nearest: float | None = None
    place: Span | None = None


STRONG = 6.0
"""The power of ten at which the scale of e-values ends; it begins at 1, where there is no evidence."""


@dataclass(frozen=True, slots=True)
class Strip:
    """An e-value on a logarithmic scale: its place, and where it would be enough, percent."""

    x: float
    needed: float


SHARE_TICKS = (
    Label(0.0, "0", "start"),
    *(Label(float(tick), f"{tick}") for tick in range(20, 100, 20)),
    Label(100.0, "100", "end"),
)
"""The axis of a share of 0..1 in percent, which needs no logarithm."""


@dataclass(frozen=True, slots=True)
class PairedBar:
    """One token's probability at the reference and at the endpoint, each with a bar's width in percent."""

    token: str
    reference: float | None
    endpoint: float | None
    reference_width: float
    endpoint_width: float
    is_rest: bool = False


def span(low: float, high: float) -> Span:
    """The stretch between two fidelities."""
    left = position(low)
    return Span(left, position(high) - left)


def share(value: float, low: float, high: float) -> Measure:
    """A share of 0..1 with its interval on a linear axis from 0 to 100 percent."""
    left, right = 100.0 * min(1.0, max(0.0, low)), 100.0 * min(1.0, max(0.0, high))
    return Measure(100.0 * min(1.0, max(0.0, value)), Span(left, right - left))


def track(
    value: float | None,
    low: float | None,
    high: float | None,
    band: float | None,
    rungs: Sequence[Rung],
) -> Track:
    """One measured fidelity (or none) with its interval, over the honest band that begins at `band`."""
    measure = None
    if value is not None:
        edges = value if low is None else low, value if high is None else high
        measure = Measure(position(value), span(*edges))
    return Track(
        band=None if band is None else span(band, 100.0),
        rungs=tuple(position(rung.fidelity) for rung in rungs),
        measure=measure,
    )


def axis(
    ticks: Sequence[float],
    rungs: Sequence[Rung],
    band: float | None,
    *,
    width: float,
    letter: float = 6.2,
    band_name: str = "honest",
) -> Axis:
    """The scale's labels for a picture about `width` pixels wide, set so that no two names overlap.

    `letter` is a generous width of one letter in pixels. Names that would collide climb to a higher level.
    """
    wanted = [(position(rung.fidelity), rung.label) for rung in rungs]
    if band is not None:
        field = span(band, 100.0)
        wanted.append((field.x + field.width / 2, band_name))
    names = place(wanted, width=width, letter=letter)
    return Axis(
        ticks=tuple(_edge(position(tick), f"{tick:g}", width, letter) for tick in ticks),
        names=names,
        levels=1 + max((name.level for name in names), default=0),
    )


def ladder(
    value: float | None,
    low: float | None,
    high: float | None,
    band: float | None,
    rungs: Sequence[Rung],
    brief: Sequence[Rung],
    others: Sequence[float] = (),
    nearest: float | None = None,
    place: tuple[float, float] | None = None,
) -> Ladder:
    """The large picture of one endpoint among the rungs of its model.

    `brief` are the rungs named in few letters, `others` the fidelities of the model's other endpoints,
    `nearest` that of the nearest rung, `place` those of the coarsest and the finest rung that it may be.
    """
    return Ladder(
        track=track(value, low, high, band, rungs),
        wide=axis(WIDE_TICKS, rungs, band, width=1000, letter=7.0, band_name="honest deployments"),
        narrow=axis(NARROW_TICKS, brief, band, width=320),
        others=tuple(position(other) for other in others),
        nearest=None if nearest is None else position(nearest),
        place=None if place is None else span(*place),
    )


def strip(e_value: float, needed: float) -> Strip:
    """An e-value between one and a million (clamped), with what it takes."""

    def at(value: float) -> float:
        return 100.0 * min(STRONG, log10(max(1.0, value))) / STRONG

    return Strip(at(e_value), at(needed))


def place(wanted: Sequence[tuple[float, str]], *, width: float, letter: float) -> tuple[Label, ...]:
    """Labels at these positions (percent), from the left, each as low as it touches no other."""
    taken: list[float] = []
    labels: list[Label] = []
    for x, text in sorted(wanted):
        label = _edge(x, text, width, letter)
        start, end = _extent(label, width, letter)
        level = next((i for i, edge in enumerate(taken) if start >= edge), len(taken))
        taken[level : level + 1] = [end + letter]
        labels.append(Label(label.x, text, label.anchor, level))
    return tuple(labels)


def _edge(x: float, text: str, width: float, letter: float) -> Label:
    """A label that keeps inside the picture: set from its edge where the middle would stick out."""
    half = len(text) * letter / 2
    pixels = x / 100 * width
    if pixels - half < 0:
        return Label(x, text, "start")
    if pixels + half > width:
        return Label(x, text, "end")
    return Label(x, text)


def _extent(label: Label, width: float, letter: float) -> tuple[float, float]:
    pixels, length = label.x / 100 * width, len(label.text) * letter
    start = pixels - {"start": 0.0, "middle": length / 2, "end": length}[label.anchor]
    return start, start + length


def paired_bars(
    reference: Mapping[str, float], endpoint: Mapping[str, float], limit: int = 6
) -> tuple[PairedBar, ...]:
    """The tokens that matter most to either side, and the rest as one last bar where it is known.

    A token that one side does not list has no number there (None), which is not the same as zero.
    Bars share one scale: the largest probability shown is 100 percent wide.
    """
    union = sorted(
        {*reference, *endpoint}, key=lambda t: (-max(reference.get(t, 0.0), endpoint.get(t, 0.0)), t)
    )[:limit]
    rest = (
        max(0.0, 1.0 - sum(reference.get(t, 0.0) for t in union)),
        max(0.0, 1.0 - sum(endpoint.get(t, 0.0) for t in union)),
    )
    largest = max([*(max(reference.get(t, 0.0), endpoint.get(t, 0.0)) for t in union), *rest], default=0.0)
    scale = 100.0 / largest if largest > 0 else 0.0
    bars = [
        PairedBar(
            token=token,
            reference=reference.get(token),
            endpoint=endpoint.get(token),
            reference_width=scale * reference.get(token, 0.0),
            endpoint_width=scale * endpoint.get(token, 0.0),
        )
        for token in union
    ]
    if reference and endpoint:
        bars.append(PairedBar("", rest[0], rest[1], scale * rest[0], scale * rest[1], is_rest=True))
    return tuple(bars)
