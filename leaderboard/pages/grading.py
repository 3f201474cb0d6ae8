"""Grade, speed and cost of a run in words, and what of them is out of the ordinary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from leaderboard.pages import numbers
from verifier.checks.registry import discover
from verifier.models import Endpoint
from verifier.scoring.price import Tariff

FLAGS: Mapping[str, str] = {
    "fast": noop("suspiciously fast (z %(z)s among %(n)s)"),
    "cheap": noop("suspiciously cheap (z %(z)s among %(n)s)"),
}
"""Said of an endpoint whose first token comes, or whose price lies, far below the field of its model."""


def letter(result: Mapping[str, Any]) -> str:
    """The letter of a result's grade, empty where it has none."""
    return str((result.get("grade") or {}).get("letter") or "")


def grade(result: Mapping[str, Any]) -> tuple[str, str]:
    """The grade, and what caps it or stays unknown beside it."""
    found = result.get("grade") or {}
    said = [str(cap["why"]) for cap in found.get("caps") or ()]
    if found.get("unknown"):
        titles = {check.name: check.title for check, _ in discover()}
        checks = ", ".join(titles.get(name, name) for name in found["unknown"])
        said.append(gettext("not known: %(checks)s") % {"checks": checks})
    return letter(result), "; ".join(said)


def speeds(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, value and note of each thing that was timed, and of how reliably it answered."""
    found = result.get("speed") or {}
    for key, name, unit, note in (
        ("first_token_ms", noop("First token"), "ms", noop("median of %(n)s")),
        ("inter_token_ms", noop("Between tokens"), "ms", noop("median of %(n)s streamed answers")),
        (
            "tokens_per_second",
            noop("Speed"),
            "tokens/s",
            noop("median of %(n)s answers; p95: what 95 %% of them reach"),
        ),
    ):
        one = found.get(key) or {}
        if one.get("p50") is not None:
            p50, p95 = (numbers.quantity(one[place], unit) for place in ("p50", "p95"))
            yield gettext(name), f"{p50} (p95 {p95})", gettext(note) % {"n": numbers.whole(one.get("n"))}
    for one in (found.get("by_prompt_length") or ()) if len(found.get("by_prompt_length") or ()) > 1 else ():
        name = (
            gettext("… up to %(below)s prompt tokens")
            if one["below"]
            else gettext("… %(from)s or more prompt tokens")
        ) % {"below": numbers.whole(one["below"]), "from": numbers.whole(one["from"])}
        value = numbers.quantity(one["first_token_ms"]["p50"], "ms")
        yield name, value, gettext("median of %(n)s") % {"n": numbers.whole(one["first_token_ms"]["n"])}
    if success := found.get("success"):
        note = gettext("%(low)s to %(high)s, n %(n)s") % {
            "low": numbers.percent(success["low"], 1),
            "high": numbers.percent(success["high"], 1),
            "n": numbers.whole(success["n"]),
        }
        yield gettext("Answered"), numbers.percent(success["value"], 1), note


def cost(result: Mapping[str, Any], endpoint: Endpoint) -> str:
    """What the tokens of this run cost at the endpoint's own price; empty where it has none."""
    if endpoint.price_in is None or endpoint.price_out is None:
        return ""
    tariff = Tariff(float(endpoint.price_in), float(endpoint.price_out))
    dollars = tariff.cost(result.get("prompt_tokens") or 0, result.get("completion_tokens") or 0)
    return f"${dollars:.4f}" if dollars < 1 else f"${dollars:.2f}"


def flags(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a row of a board says of the field: `suspiciously cheap (z −4.1 of 7)`."""
    return tuple(
        gettext(FLAGS[one["kind"]]) % {"z": f"{one['z']:.1f}".replace("-", numbers.MINUS), "n": one["n"]}
        for one in row.get("flags") or ()
    )
