"""The model file is found where pip put it, or the error says what to type."""

from __future__ import annotations

from importlib import metadata

import pytest

from verifier.lab import source
from verifier.lab.errors import LabError


def test_the_model_file_is_installed() -> None:
    path = source.find()
    assert path.name == source.FILE
    assert path.stat().st_size == 98_362_432


@pytest.mark.parametrize("missing", ["package", "file"])
def test_a_missing_wheel_is_named_with_the_command_to_run(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "package":
        monkeypatch.setattr(source, "DISTRIBUTION", "a-package-nobody-installed")
    else:
        monkeypatch.setattr(metadata, "files", lambda _: [])
    with pytest.raises(LabError, match="make setup"):
        source.find()
