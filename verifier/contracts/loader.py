"""Reads contracts: `FAMILY.toml` says which models it is of, and what their API must and must not do.

A new family is a new file. Where no family claims a model, `openai.toml` holds: the API that all speak.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
GENERIC = "openai"
"""The family of a model that no file names."""


class ContractError(ValueError):
    """A contract that cannot be read; the message says which file and key, and what was expected."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One family's contract.

    `models` are patterns of `org/name`, as in file names. `immutable` maps a sampling parameter to the only
    values it may have: any other must be refused with 400. `refused` maps a parameter to a value that must be
    refused. `thinking_on` and `thinking_off` are what a request adds to switch thinking, None where it cannot
    be; `reasoning_field` is where the thoughts come back, "" for a model that does not think. `prefix` is the
    maker's own way to continue an answer, "" where a trailing assistant message is enough. `tools`: the maker
    promises tool calls. `source` is where the promise can be read.
    """

    family: str
    version: str
    source: str
    models: tuple[str, ...] = ()
    immutable: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    refused: Mapping[str, Any] = field(default_factory=dict)
    thinking_on: Mapping[str, Any] | None = None
    thinking_off: Mapping[str, Any] | None = None
    reasoning_field: str = ""
    prefix: str = ""
    tools: bool = True

    def claims(self, model: str) -> bool:
        """Whether the model (`org/name`) is of this family."""
        return any(fnmatch(model.lower(), pattern.lower()) for pattern in self.models)


def families(folder: Path = FOLDER) -> list[str]:
    """The families that have a file, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


@cache
def contract_for(model: str, folder: Path = FOLDER) -> Contract:
    """The contract of the family that claims `model`, the one with the longest matching pattern; else the
    generic one. Raises ContractError.
    """
    found = [load(name, folder) for name in families(folder)]
    claiming = [one for one in found if one.claims(model)]
    if not claiming:
        return next(one for one in found if one.family == GENERIC)
    return max(claiming, key=lambda one: max(len(p) for p in one.models if fnmatch(model.lower(), p.lower())))


def load(family: str, folder: Path = FOLDER) -> Contract:
    """The contract in `FAMILY.toml`. Raises ContractError."""
    path = folder / f"{family}.toml"
    try:
        about = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractError(f"{path.name} cannot be read as TOML: {error}.") from error
    known = set(Contract.__dataclass_fields__)
    if unknown := sorted(set(about) - known):
        raise ContractError(f"{path.name}: {', '.join(unknown)} is no part of a contract.")
    for key in ("family", "version", "source"):
        if not isinstance(about.get(key), str) or not about[key]:
            raise ContractError(f"{path.name}: {key!r} must be a text that is not empty.")
    if about["family"] != family:
        raise ContractError(f"{path.name}: its family is {about['family']!r}, but the file is {family!r}.")
    immutable = about.get("immutable", {})
    if not isinstance(immutable, dict) or not all(isinstance(v, list) and v for v in immutable.values()):
        raise ContractError(f"{path.name}: 'immutable' maps a parameter to the list of its allowed values.")
    return Contract(
        **{
            **about,
            "models": tuple(about.get("models", ())),
            "immutable": {name: tuple(values) for name, values in immutable.items()},
        }
    )
