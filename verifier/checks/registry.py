"""Checks are discovered, never listed: every module of this folder that defines `CHECK` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from verifier import checks
from verifier.checks.base import Dialogue
from verifier.checks.recording import Recorder, Recording
from verifier.checks.session import Session


@dataclass(frozen=True, slots=True)
class Check:
    """One question asked of an endpoint.

    `order` places it in the run (what others build on comes first; behaviour begins at 40). The module's
    docstring is its entry on the methodology page. `needs` says in a few words what the endpoint must offer.
    `behaviour`: it is about what users feel rather than about the weights, and runs when the plan has it.
    `record` asks the reference for what the check compares with; what it returns is kept in the baseline.
    """

    name: str
    version: str
    title: str
    order: int
    run: Callable[[Session], Dialogue]
    needs: str = ""
    behaviour: bool = False
    record: Callable[[Recorder], Recording] | None = None


@cache
def discover() -> tuple[tuple[Check, ModuleType], ...]:
    """All checks with their modules, in the order in which a run asks them."""
    found = []
    for module_info in pkgutil.iter_modules(checks.__path__):
        module = importlib.import_module(f"{checks.__name__}.{module_info.name}")
        check = getattr(module, "CHECK", None)
        if isinstance(check, Check):
            found.append((check, module))
    return tuple(sorted(found, key=lambda item: (item[0].order, item[0].name)))
