"""The numbers behind a finding as a reader takes them: each with its name and its unit, no JSON.

A check that is not known here shows its plain values under their own names, so that nothing is kept back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from django.utils.translation import gettext, ngettext, pgettext

from leaderboard.pages import numbers

Details = Mapping[str, Any]
SHOWN_ELSEWHERE = {"explains", "most_divergent", "verdict", "stopped_because", "evidence_level"}
MOST = 12
"""Plain values shown of a check that is not known here."""


@dataclass(frozen=True, slots=True)
class Detail:
    """A name and its value, both as they are written."""

    name: str
    value: str


def lines(check: str, details: Details) -> tuple[Detail, ...]:
    """What `details` of this check say; what is missing is left out."""
    make = CHECKS.get(check, _plain)
    return tuple(Detail(name, value) for name, value in make(details) if value and value != numbers.NONE)


def points(deviation: float | None) -> str:
    """A mean deviation of 0..1 in points of 100, to two significant digits: `0.61 points`."""
    if deviation is None:
        return numbers.NONE
    return numbers.quantity(100 * deviation, gettext("points"), _decimals(100 * deviation))


def nats(value: float | None) -> str:
    """A quantity in nats, to two significant digits."""
    return numbers.NONE if value is None else numbers.quantity(value, "nats", _decimals(value))


def _decimals(value: float) -> int:
    return 2 if value == 0 else max(0, min(4, 1 - floor(log10(abs(value)))))


Named = Sequence[tuple[str, str]]


def _capabilities(found: Details) -> Named:
    style = found.get("prefix_style")
    drawn = found.get("whole_sampling")
    return (
        (
            gettext("pinned answers"),
            gettext("not continued")
            if style is None
            else gettext("continued (%(style)s)") % {"style": style},
        ),
        (
            gettext("draws from its whole distribution"),
            "" if drawn is None else gettext("yes") if drawn else gettext("refused"),
        ),
        (gettext("asked with"), _tokens(found.get("completion_tokens"))),
    )


def _token_distribution(found: Details) -> Named:
    band, tell = found.get("honest_band") or {}, found.get("can_tell") or {}
    aside = found.get("set_aside")
    named = [
        (gettext("mean deviation"), points(found.get("deviation"))),
        (gettext("honest deployments"), _up_to(band.get("delta"))),
        (gettext("divergence (KL)"), nats(found.get("kl"))),
        (gettext("log-probabilities apart by"), nats(found.get("rms_dlogp"))),
        (gettext("answers set aside"), numbers.whole(aside) if aside else ""),
    ]
    if tell.get("detected") is not None:
        told = {"share": numbers.percent(tell["detected"]), "prompts": numbers.whole(tell.get("prompts"))}
        said = (
            gettext("in %(share)s of runs after %(prompts)s prompts")
            if tell.get("prompts")
            else gettext("in %(share)s of runs")
        )
        what = found.get("excludes") or gettext("a degradation")
        named.append((gettext("would find %(what)s") % {"what": what}, said % told))
    return named


def _strays(found: Details) -> Named:
    least = found.get("smallest_probability")
    return (
        (gettext("strayed"), "" if found.get("strayed") is None else numbers.whole(found["strayed"])),
        (gettext("least likely of them"), "" if least is None else numbers.probability(least)),
        _evidence(found),
    )


def _sampling(found: Details) -> Named:
    shares: Mapping[str, float] = found.get("alternatives") or {}
    ordered = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:3]
    told = (found.get("e_value") or 0.0) > 1.0
    likely = pgettext("between parts of a list", ", ").join(
        f"{name} {numbers.percent(share)}" for name, share in ordered if share >= 0.005
    )
    return (
        _evidence(found),
        (gettext("likeliest override"), str(found.get("likeliest") or "") if told else ""),
        (gettext("weight of each kind"), likely if told else ""),
    )


def _context_window(found: Details) -> Named:
    pairs = found.get("prompt_tokens") or ()
    counted = ""
    if pairs:
        counted = gettext("%(done)s of %(planned)s") % {
            "done": numbers.whole(pairs[0][0]),
            "planned": numbers.whole(pairs[0][1]),
        }
    return (
        (gettext("mean deviation"), points(found.get("deviation"))),
        (gettext("honest deployments"), _up_to(found.get("delta"))),
        (gettext("prompt tokens counted"), counted),
        _evidence(found),
    )


def _prompt_tokens(found: Details) -> Named:
    counted = [
        gettext("%(difference)s in %(times)s")
        % {"difference": numbers.signed(difference), "times": numbers.whole(times)}
        for difference, times in (found.get("differences") or ())[:4]
    ]
    return (
        (
            gettext("difference from the official count"),
            pgettext("between parts of a list", ", ").join(counted),
        ),
    )


def _raw_text(found: Details) -> Named:
    return (
        (gettext("deviation as raw text"), points(found.get("deviation"))),
        (gettext("in chat"), points(found.get("chat_deviation"))),
        (gettext("honest deployments"), _up_to(found.get("delta"))),
    )


def _pool_gap(found: Details) -> Named:
    def pool(name: str) -> str:
        of = found.get(name)
        if not of:
            return ""
        low, high = (numbers.fixed(100 * of[end], 2) for end in ("low", "high"))
        return f"{points(of['value'])} ({low}{numbers.DASH}{high}, n{numbers.THIN}{numbers.whole(of['n'])})"

    return (
        (gettext("hidden prompts deviate by"), pool("hidden")),
        (gettext("public ones by"), pool("public")),
    )


def _routing(found: Details) -> Named:
    expected = found.get("expected")
    return (
        (gettext("a context looks honest"), _up_to(found.get("limit"))),
        (
            gettext("one set of weights would leave"),
            "" if expected is None else gettext("%(share)s of them") % {"share": numbers.percent(expected)},
        ),
    )


def _nearest_variant(found: Details) -> Named:
    nearest, support = found.get("nearest") or {}, found.get("support")
    return (
        (gettext("nearest"), str(nearest.get("label") or "")),
        (gettext("apart from it"), points(found.get("distance"))),
        (gettext("from the official weights"), points(found.get("deviation"))),
        (gettext("support"), "" if support is None else numbers.percent(support)),
    )


def _plain(found: Details) -> Named:
    named = []
    for key, value in found.items():
        if key in SHOWN_ELSEWHERE or isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        text = value if isinstance(value, str) else numbers.significant(value)
        named.append((key.replace("_", " "), text))
    return named[:MOST]


def _evidence(found: Details) -> tuple[str, str]:
    return gettext("e-value"), numbers.evidence(found.get("e_value"))


def _up_to(deviation: float | None) -> str:
    return "" if deviation is None else gettext("up to %(most)s") % {"most": points(deviation)}


def _tokens(number: int | None) -> str:
    if number is None:
        return ""
    return ngettext("%(n)s token", "%(n)s tokens", number) % {"n": numbers.whole(number)}


CHECKS: Mapping[str, Callable[[Details], Named]] = {
    "capabilities": _capabilities,
    "token_distribution": _token_distribution,
    "greedy_choice": _strays,
    "written_tokens": _strays,
    "sampling": _sampling,
    "context_window": _context_window,
    "prompt_tokens": _prompt_tokens,
    "raw_text": _raw_text,
    "pool_gap": _pool_gap,
    "routing": _routing,
    "nearest_variant": _nearest_variant,
}
