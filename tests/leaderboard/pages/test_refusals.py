from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from leaderboard.origins import origin_of
from leaderboard.pages import refusals

ROOT = Path(__file__).parents[3]
PARTS = ("verifier/client", "verifier/models", "verifier/services", "leaderboard/services")


def literals() -> str:
    """Every text of the code that speaks, a line each."""
    found = []
    for part in PARTS:
        for path in (ROOT / part).glob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text()))
            found += [
                node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
    return "\n".join(found)


def test_every_form_is_still_said() -> None:
    said = literals()
    for form in refusals.FORMS:
        for part in re.split(r"%\(\w+\)s|(?<=, which) ", form):
            assert part.strip(" .") in said, form


@pytest.mark.parametrize(
    "address",
    [
        *("", "https://", "ftp://a.example/", "https:a.example", "a.example/v1", "https://a b.example"),
        *("https://ä.example", "https://a.example\\v1", "https://u@a.example", "https://a%20.example"),
        *("https://a.example/?q", "https://a.example:99999", "https://a.example:port", "https://a.example."),
        *("https://1.2.3", "https://-a.example", 'https://a.example/"', "https://" + 3000 * "a"),
        *("https://例.example", "https://a.example/例"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_in_chinese(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        origin_of(address)
    said = refused.value.messages[0]
    assert refusals.translated(said) == said
    with translation.override("zh-hans"):
        chinese = refusals.translated(said)
    assert "lang=" not in chinese, said
    assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_of_several_sentences_each_is_translated_and_none_holds_markup() -> None:
    said = (
        "https://a.example/x was not fetched: 10.0.0.1 is not a public address (private, 10.0.0.0/8). "
        "_assay.a.example has 2 TXT records, none of them ours. <b> is new."
    )
    with translation.override("zh-hans"):
        chinese = refusals.translated(said)
        assert refusals.translated("忠实") == "忠实"
    assert chinese == (
        "未能获取 https://a.example/x：10.0.0.1 不是公网地址（private, 10.0.0.0/8）。 "
        '_assay.a.example 有 2 条 TXT 记录，但都不是所需的记录。 <span lang="en">&lt;b&gt; is new.</span>'
    )
