"""What is described is what is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from leaderboard import web_server
from leaderboard.environment import read
from leaderboard.variables import GROUPS, PRODUCTION, VARIABLES, Reader

ROOT = Path(__file__).resolve().parents[2]
OF_BOTO = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


class Noting(Mapping[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def test_every_variable_that_is_described_is_read(tmp_path: Path) -> None:
    source = Noting({"ASSAY_STATE": str(tmp_path)})
    read(source, ROOT)
    web_server.where(source)
    in_procfile = set(re.findall(r"\$\{(\w+)", (ROOT / "Procfile").read_text("utf-8")))
    assert source.asked | in_procfile | OF_BOTO == set(VARIABLES)
    assert len(VARIABLES) == sum(map(len, GROUPS.values()))


def test_the_procfile_has_the_defaults_that_are_told() -> None:
    for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", (ROOT / "Procfile").read_text("utf-8")):
        assert VARIABLES[name].default == default


def test_what_is_told_to_be_required_in_production_is_asked_for_there(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read({"DEBUG": "false", "ASSAY_STATE": str(tmp_path)}, ROOT)
    asked_for = set(re.findall(r"- (\w+) is not set", str(caught.value)))
    assert asked_for == {one.name for one in VARIABLES.values() if one.required == PRODUCTION}


def test_every_default_is_one_that_is_taken(tmp_path: Path) -> None:
    given = {one.name: one.default for one in VARIABLES.values() if one.default}
    state = {"ASSAY_STATE": str(tmp_path)}
    assert read({**given, **state}, ROOT) == read(state, ROOT)


def test_a_variable_that_nobody_described_is_not_read() -> None:
    with pytest.raises(KeyError):
        Reader({}).text("ASSAY_SECRET_SWITCH")


def test_each_tells_what_it_is_for_and_what_holds_without_it() -> None:
    for one in VARIABLES.values():
        assert one.meaning.endswith("."), one.name
        assert one.default or one.otherwise or one.required, one.name
