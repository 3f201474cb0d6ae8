"""Plans: which behaviour a run asks about and how much, by what it may cost.

`plans/NAME.toml` lists behaviour checks with their sizes; what the weights are judged by is in every plan. A
number that a plan does not give is the check's own default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "plans"
WEIGHTS = "weights"
"""The plan without any behaviour."""


class PlanError(ValueError):
    """A plan that does not exist or cannot be read."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`checks` maps the name of a behaviour check to its sizes. `max_requests` bounds the whole run, None: it
    is not bounded; of it, `reserved` requests are kept for the checks of behaviour. `decide_only` and
    `estimation_prompts` are the defaults of a run's settings.
    """

    name: str
    note: str
    max_requests: int | None = None
    reserved: int = 0
    decide_only: bool = False
    estimation_prompts: int = 60
    checks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def has(self, check: str) -> bool:
        """Whether the behaviour check is asked."""
        return check in self.checks

    def size(self, check: str, name: str, default: int) -> int:
        """The size called `name` of a check."""
        return self.checks.get(check, {}).get(name, default)


def names() -> list[str]:
    """The plans there are, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def plan(name: str) -> Plan:
    """The plan called `name`. Raises PlanError."""
    if name not in names():
        raise PlanError(f"There is no plan called {name!r}. These exist: {', '.join(names())}.")
    about = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    unknown = sorted(set(about) - set(Plan.__dataclass_fields__))
    if about.get("name") != name or unknown:
        raise PlanError(f"{name}.toml: its name must be {name!r}, and {unknown} is no part of a plan.")
    return Plan(**about)
