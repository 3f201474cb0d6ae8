from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from verifier import checks
from verifier.checks.registry import discover

FOLDER = Path(checks.__path__[0])


def test_every_module_that_defines_a_check_is_found_in_the_order_of_the_run() -> None:
    found = [module.__name__.rpartition(".")[2] for _, module in discover()]
    defining = {
        path.stem
        for path in FOLDER.glob("*.py")
        if any(
            isinstance(node, ast.Assign)
            and any(getattr(target, "id", "") == "CHECK" for target in node.targets)
            for node in ast.parse(path.read_text("utf-8")).body
        )
    }
    assert set(found) == defining
    assert found[0] == "capabilities", "what others build on comes first"
    assert [check.order for check, _ in discover()] == sorted(check.order for check, _ in discover())


@pytest.mark.parametrize(("check", "module"), discover(), ids=lambda found: getattr(found, "name", ""))
def test_a_check_can_stand_on_the_methodology_page(check: object, module: object) -> None:
    assert getattr(check, "name", None) == getattr(module, "__name__", "").rpartition(".")[2]
    docstring = inspect.getdoc(module) or ""
    assert docstring.splitlines()[0].endswith("?"), "the question it asks"
    assert len(docstring) > 200
    assert getattr(check, "title", "")
    assert getattr(check, "version", "")


def test_names_and_orders_are_unique() -> None:
    for field in ("name", "order", "title"):
        values = [getattr(check, field) for check, _ in discover()]
        assert len(set(values)) == len(values)
