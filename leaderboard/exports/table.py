"""The flat form of an endpoint's document: the columns that CSV, Parquet and the dump share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, number, whole, flag or moment. `read` gives the value, or None."""

    name: str
    kind: str
    said: str
    read: Callable[[Document], Any]


def at(*path: str) -> Callable[[Document], Any]:
    """The value at a path of keys; None where the path ends early or an empty text is found."""

    def read(document: Document) -> Any:
        found: Any = document
        for key in path:
            if not isinstance(found, Mapping):
                return None
            found = found.get(key)
        return None if found == "" else found

    return read


def date(*path: str) -> Callable[[Document], Any]:
    """The moment at a path of keys."""
    found = at(*path)
    return lambda document: None if found(document) is None else datetime.fromisoformat(found(document))


COLUMNS = (
    Column("id", "text", "The endpoint's id.", at("id")),
    Column("model", "text", "org/name.", at("model")),
    Column("provider", "text", "The provider's slug.", at("provider", "slug")),
    Column("label", "text", "The name on the board.", at("label")),
    Column("variant", "text", "Tells two offers of one model apart.", at("variant")),
    Column("control", "flag", "A control of the laboratory.", at("control")),
    Column("verdict", "text", "Empty: not yet measured.", at("verdict")),
    Column("grade", "text", "A+ to F.", at("grade")),
    Column("fidelity", "number", "Of 100 next tokens.", at("fidelity", "value")),
    Column("fidelity_low", "number", "Lower end of the 95 % interval.", at("fidelity", "low")),
    Column("fidelity_high", "number", "Upper end.", at("fidelity", "high")),
    Column("k", "whole", "Listed tokens compared.", at("fidelity", "k")),
    Column("prompts", "whole", "n of the interval: prompts.", at("fidelity", "prompts")),
    Column("honest_fidelity", "number", "What honest deployments stay above.", at("honest_band", "fidelity")),
    Column("agreement", "number", "Share of texts that agree.", at("agreement", "value")),
    Column("evidence_level", "text", "What the endpoint lets us see.", at("evidence_level")),
    Column("declared", "text", "Declared quantization.", at("declaration", "declared")),
    Column("measured", "text", "Measured quantization.", at("declaration", "measured")),
    Column("declaration", "text", "kept, broken, undeclared or unknown.", at("declaration", "state")),
    Column("cause", "text", "What explains a deviation best.", at("cause", "name")),
    Column("certificate", "text", "Where its certificate stands.", at("certificate", "state")),
    Column("certificate_expires", "moment", "When that ends.", date("certificate", "expires")),
    Column("tools", "flag", "Whether tool calls work.", at("tools")),
    Column("first_token_ms_p50", "number", "Median.", at("speed", "first_token_ms", "p50")),
    Column("first_token_ms_p95", "number", "95th percentile.", at("speed", "first_token_ms", "p95")),
    Column("price_input", "number", "US dollars per million prompt tokens.", at("price", "input")),
    Column("price_output", "number", "US dollars per million completion tokens.", at("price", "output")),
    Column("region", "text", "Where it is served.", at("region")),
    Column("run", "text", "The run that speaks.", at("run", "id")),
    Column("measured_at", "moment", "When that ended.", date("run", "ended")),
    Column("suite", "text", "What was asked.", at("versions", "suite")),
    Column("policy", "text", "The rules that judged.", at("versions", "policy")),
    Column("assay", "text", "The version that measured.", at("versions", "assay")),
)


def rows(documents: Iterable[Document], columns: Sequence[Column] = COLUMNS) -> list[dict[str, Any]]:
    """A row a document, by the names of the columns."""
    return [{column.name: column.read(document) for column in columns} for document in documents]
