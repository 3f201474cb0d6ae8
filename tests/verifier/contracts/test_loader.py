"""Contracts are data files: every one reads, and what is wrong in one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from verifier.contracts import GENERIC, ContractError, contract_for, families, load


def test_every_family_reads() -> None:
    assert GENERIC in families()
    for family in families():
        found = load(family)
        assert found.source.startswith("https://")
        assert found.models or family == GENERIC, f"{family} claims no model"


def test_a_model_that_no_family_claims_has_the_generic_contract() -> None:
    assert contract_for("nobody/a-model").family == GENERIC


def test_the_longest_pattern_claims_a_model(tmp_path: Path) -> None:
    for family, pattern in (("openai", "x/*"), ("wide", "org/a*"), ("narrow", "Org/A-Think*")):
        text = f'family = "{family}"\nversion = "1"\nsource = "https://x"\nmodels = ["{pattern}"]\n'
        (tmp_path / f"{family}.toml").write_text(text)
    assert contract_for("org/a-thinking", tmp_path).family == "narrow"
    assert contract_for("org/a-1", tmp_path).family == "wide"
    assert contract_for("other/a", tmp_path).family == "openai"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("family = ", "cannot be read as TOML"),
        ('family = "f"\nversion = "1"', "'source' must be a text"),
        ('family = "g"\nversion = "1"\nsource = "s"', "but the file is 'f'"),
        ('family = "f"\nversion = "1"\nsource = "s"\ncolour = 1', "colour is no part of a contract"),
        ('family = "f"\nversion = "1"\nsource = "s"\n[immutable]\nn = 1', "'immutable' maps a parameter"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "f.toml").write_text(text)
    with pytest.raises(ContractError, match=said):
        load("f", tmp_path)
