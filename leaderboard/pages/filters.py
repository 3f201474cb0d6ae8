"""What a reader asks of the board: filters and order, read from the address and written back to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_noop as noop

SORTS = {
    "": "rank",
    "name": "name",
    "tokens": "tokens used",
    "latency": "time to the first token",
    "speed": "tokens per second",
    "price": "price of written tokens",
    "measured": "latest measured",
}
ORDERS = (
    noop("rank"),
    noop("name"),
    noop("tokens"),
    noop("latency"),
    noop("speed"),
    noop("price"),
    noop("measured"),
)
"""The orders by the names that addresses give them, which the table's caption says."""
COLUMNS = {
    "price": noop("Price"),
    "latency": noop("First token"),
    "speed": noop("Speed"),
    "tools": noop("Tool calls"),
    "tokens": noop("Tokens"),
    "drift": noop("30 days"),
    "age": noop("Measured"),
}
"""What may stand in a row beside name, fidelity and verdict."""
USUAL = ("price", "latency", "drift", "age")
"""Columns shown where the address names none."""
VERDICTS = {"faithful": noop("Faithful"), "deviating": noop("Deviating")}
"""The verdicts that have a link of their own in the filter bar."""
HIGH = 97.0
CHEAP = 1.0
"""US dollars per million written tokens."""
MAX_QUERY = 80


@dataclass(frozen=True, slots=True)
class Filters:
    """`verdict` is "", faithful or deviating (which includes different models); `high` keeps fidelity >= 97;
    `differs` keeps broken declarations; `text` is searched in names, notes, providers and quantizations;
    `certified`, `cheap` and `tools` (tool calls work) keep those; `model` (org/name) is carried along;
    `columns` are those shown."""

    verdict: str = ""
    high: bool = False
    differs: bool = False
    text: str = ""
    sort: str = ""
    model: str = ""
    certified: bool = False
    cheap: bool = False
    tools: bool = False
    columns: tuple[str, ...] = USUAL

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """From a query string; what is not understood is left out."""
        verdict, sort = query.get("verdict", ""), query.get("sort", "")
        return cls(
            verdict=verdict if verdict in ("faithful", "deviating") else "",
            high=query.get("fidelity", "") == f"{HIGH:g}",
            differs=query.get("declared", "") == "differs",
            text=" ".join(query.get("q", "").replace("\0", "").split())[:MAX_QUERY],
            sort=sort if sort in SORTS else "",
            model=query.get("model", ""),
            certified=query.get("certified", "") == "yes",
            cheap=query.get("max_price", "") == f"{CHEAP:g}",
            tools=query.get("tools", "") == "work",
            columns=_columns(query.get("cols")),
        )

    def pairs(self) -> dict[str, str]:
        """The parameters that say this, without the empty ones."""
        pairs = {
            "model": self.model,
            "verdict": self.verdict,
            "fidelity": f"{HIGH:g}" if self.high else "",
            "declared": "differs" if self.differs else "",
            "certified": "yes" if self.certified else "",
            "max_price": f"{CHEAP:g}" if self.cheap else "",
            "tools": "work" if self.tools else "",
            "q": self.text,
            "sort": self.sort,
            "cols": "" if self.columns == USUAL else ",".join(self.columns) or "none",
        }
        return {key: value for key, value in pairs.items() if value}

    def query(self) -> str:
        """The query string, with its question mark; `?` alone is the bare page."""
        return "?" + urlencode(self.pairs(), safe="/,")

    def hidden(self) -> dict[str, str]:
        """What the search form sends along beside its own text."""
        return {key: value for key, value in self.pairs().items() if key != "q"}

    @property
    def active(self) -> bool:
        """Whether anything is filtered (the order does not count)."""
        return self != replace(self._cleared(), text="")

    def _cleared(self) -> Filters:
        return replace(self, verdict="", high=False, differs=False, certified=False, cheap=False, tools=False)

    def chips(
        self, *, certificates: bool = False, prices: bool = False, tools: bool = False
    ) -> tuple[Chip, ...]:
        """The links of the filter bar: each switches one filter and leaves the others alone.

        Those for certificates, prices and tool calls are there where anything is known of them.
        """
        off = self._cleared()
        switched = [("all", pgettext("every endpoint", "All"), off, off == self)]
        for verdict in VERDICTS:
            on = self.verdict == verdict
            switched.append(
                (verdict, gettext(VERDICTS[verdict]), replace(self, verdict="" if on else verdict), on)
            )
        high = gettext("Fidelity ≥ %(least)s") % {"least": f"{HIGH:g}"}
        switched.append(("high", high, replace(self, high=not self.high), self.high))
        switched.append(
            ("differs", gettext("Declared ≠ measured"), replace(self, differs=not self.differs), self.differs)
        )
        if certificates or self.certified:
            other = replace(self, certified=not self.certified)
            switched.insert(1, ("certified", gettext("Certified"), other, self.certified))
        if tools or self.tools:
            switched.append(
                ("tools", gettext("Tool calls work"), replace(self, tools=not self.tools), self.tools)
            )
        if prices or self.cheap:
            label = gettext("≤ $%(most)s / M tokens") % {"most": f"{CHEAP:g}"}
            switched.append(("cheap", label, replace(self, cheap=not self.cheap), self.cheap))
        return tuple(Chip(name, label, filters.query(), on) for name, label, filters, on in switched)

    @property
    def order(self) -> str:
        """The order of the rows, in a word."""
        return gettext(self.sort or "rank")

    def without(self) -> str:
        """The query string of every row, in the same order."""
        return replace(self._cleared(), text="").query()

    def choices(self) -> tuple[Chip, ...]:
        """The links of the column chooser: each shows or hides one."""
        found = []
        for name, label in COLUMNS.items():
            on = name in self.columns
            wanted = {*self.columns} ^ {name}
            kept = tuple(key for key in COLUMNS if key in wanted)
            found.append(Chip(name, gettext(label), replace(self, columns=kept).query(), on))
        return tuple(found)

    def sorted_by(self, sort: str) -> str:
        """The query string of the same rows in another order."""
        return replace(self, sort=sort).query()

    def apply(
        self, rows: Sequence[Mapping[str, Any]], certified: Collection[str] = ()
    ) -> list[Mapping[str, Any]]:
        """The board's rows that pass, in the order asked for; rows without the number asked for come last.

        `certified` are the ids of endpoints whose certificate holds.
        """
        kept = [row for row in rows if self._passes(row)]
        if self.certified:
            kept = [row for row in kept if row["endpoint"]["id"] in certified]
        if self.sort == "name":
            kept.sort(key=lambda row: row["endpoint"]["label"].casefold())
        elif self.sort == "tokens":
            kept.sort(key=lambda row: _last((row["result"] or {}).get("decision_tokens")))
        elif self.sort == "latency":
            kept.sort(key=lambda row: _last(first_token(row)))
        elif self.sort == "speed":
            kept.sort(key=lambda row: -(throughput(row) or 0.0))
        elif self.sort == "price":
            kept.sort(key=lambda row: _last(price(row)))
        elif self.sort == "measured":
            kept.sort(key=lambda row: (row["run"] or {}).get("ended") or "", reverse=True)
        return kept

    def _passes(self, row: Mapping[str, Any]) -> bool:
        result = row["result"] or {}
        if self.verdict == "faithful" and result.get("verdict") != "faithful":
            return False
        if self.verdict == "deviating" and result.get("verdict") not in ("deviating", "different-model"):
            return False
        if self.high and (result.get("fidelity") or {}).get("value", 0.0) < HIGH:
            return False
        if self.differs and (result.get("declaration") or {}).get("state") != "broken":
            return False
        if self.tools and not row.get("tools"):
            return False
        if self.cheap and _last(price(row)) > CHEAP:
            return False
        return all(word in _searched(row) for word in self.text.casefold().split())


@dataclass(frozen=True, slots=True)
class Chip:
    """One link of the filter bar."""

    id: str
    label: str
    query: str
    on: bool


def first_token(row: Mapping[str, Any]) -> float | None:
    """Median time to the first token in milliseconds, where it was measured."""
    speed = (row["result"] or {}).get("speed") or {}
    value = (speed.get("first_token_ms") or {}).get("p50")
    return None if value is None else float(value)


def throughput(row: Mapping[str, Any]) -> float | None:
    """Median tokens per second of whole answers, where it was measured."""
    speed = (row["result"] or {}).get("speed") or {}
    value = (speed.get("tokens_per_second") or {}).get("p50")
    return None if value is None else float(value)


def price(row: Mapping[str, Any]) -> float | None:
    """US dollars per million written tokens, where the provider's price is known."""
    value = row["endpoint"].get("price_out")
    return None if value is None else float(value)


def _columns(text: str | None) -> tuple[str, ...]:
    if not text:
        return USUAL
    named = text.split(",")
    found = tuple(name for name in COLUMNS if name in named)
    return found if found or text == "none" else USUAL


def _last(value: float | None) -> float:
    return float("inf") if value is None else float(value)


def _searched(row: Mapping[str, Any]) -> str:
    endpoint, result = row["endpoint"], row["result"] or {}
    declaration = result.get("declaration") or {}
    parts = (
        endpoint["label"],
        endpoint["what"],
        endpoint["variant"],
        endpoint["declared"],
        endpoint["provider"]["name"],
        result.get("verdict"),
        declaration.get("measured"),
    )
    return " ".join(part for part in parts if part).casefold()
