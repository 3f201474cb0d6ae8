"""What a certificate attests, in rows for people. Whatever was signed: what is no value is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def rows(statement: Mapping[str, Any]) -> dict[str, str]:
    """Name to value, in the order in which people ask."""
    predicate = _of(statement.get("predicate"))
    told = _of(predicate.get("assay"))
    subjects = statement.get("subject")
    subject = _of(subjects[0]) if isinstance(subjects, list) and subjects else {}
    fidelity, declaration = _of(told.get("fidelity")), _of(told.get("declaration"))
    endpoint = _of(told.get("endpoint"))
    found = {
        "attested by": _text(_of(predicate.get("verifier")).get("id")),
        "of": _text(subject.get("name")),
        "endpoint": " by ".join(
            filter(None, (_text(endpoint.get("label")), _text(endpoint.get("provider"))))
        ),
        "weights": _text(_of(subject.get("annotations")).get("revision")),
        "verdict": _text(told.get("verdict")),
        "grade": _text(told.get("grade")),
        "fidelity": "",
        "evidence level": _text(told.get("evidence_level")),
        "declaration": " ".join(
            filter(None, (_text(declaration.get("declared")), _text(declaration.get("state"))))
        ),
        "measured": _text(told.get("measured")),
        "issued": _text(predicate.get("timeCreated")),
        "valid until": _text(told.get("valid_until")),
        "private runs before": _text(told.get("private_attempts")),
        "versions": ", ".join(
            f"{key} {_text(value)}" for key, value in _of(told.get("versions")).items() if _text(value)
        ),
        "baseline": _text(told.get("baseline")),
        "evidence": ", ".join(map(_text, _list(told.get("evidence")))),
    }
    if fidelity:
        value, low, high = (_text(fidelity.get(name)) for name in ("value", "low", "high"))
        found["fidelity"] = f"{value} ({low} to {high}), at top-{_text(told.get('k'))}"
    return {name: value for name, value in found.items() if value}


def _of(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
