from __future__ import annotations

from pathlib import Path

import pytest

from tests.verifier.cli.commands import call
from tests.verifier.synthetic import TEMPLATE, Synthetic
from tests.verifier.synthetic_server import serving
from verifier.baseline import files
from verifier.baseline.model import PrefixStyle

Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", ["b.json", "b.json.gz"])
def test_a_baseline_is_recorded_over_http_and_says_what_it_holds(
    name: str, tmp_path: Path, capsys: Capsys
) -> None:
    path = tmp_path / name
    with serving(Synthetic()) as server:
        said = call(
            capsys,
            "record",
            "--base-url",
            server.url,
            "--model",
            "toy",
            "--prompts",
            15,
            "--seed",
            3,
            "-o",
            path,
        )
        asked = server.requests
    assert said.status == 0, said.err
    found = files.read(path)
    assert (found.model, found.seed, len(found.by_prompt)) == ("toy", 3, 15)
    assert found.prefix_style is PrefixStyle.PLAIN
    assert found.suite.startswith("core ")
    assert said.out.startswith(f"Recorded {len(found.contexts)} contexts of 15 prompts to {path}")
    assert "assay calibrate" in said.out
    assert "reference answers: " in said.err
    assert asked >= 15 + 2 * 15


def test_a_reference_that_wants_a_key_is_sent_the_one_of_the_variable(
    tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFERENCE_KEY", "sk-reference-0123456789")
    arguments = ("--model", "toy", "--prompts", 4, "-o", tmp_path / "b.json")
    with serving(Synthetic(), key="sk-reference-0123456789") as server:
        refused = call(capsys, "record", "--base-url", server.url, *arguments)
        assert (
            call(
                capsys, "record", "--base-url", server.url, *arguments, "--api-key-env", "REFERENCE_KEY"
            ).status
            == 0
        )
    assert refused.status == 3
    assert "401" in refused.last


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        (Synthetic(logprobs=False), "its answers carry no top_logprobs"),
        (Synthetic(refuses_above=5), "rejected"),
    ],
)
def test_a_reference_without_lists_is_refused_in_one_line(
    endpoint: Synthetic, why: str, tmp_path: Path, capsys: Capsys
) -> None:
    with serving(endpoint) as server:
        said = call(
            capsys,
            "record",
            "--base-url",
            server.url,
            "--model",
            "toy",
            "--prompts",
            4,
            "-o",
            tmp_path / "b.json",
        )
    assert (said.status, said.out) == (3, "")
    assert said.last.startswith("assay: the reference gave no usable logprobs: ")
    assert why in said.last
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"--suite": "none-such"}, "There is no suite called 'none-such'"),
        ({"--suite": ""}, "There is no suite called ''"),
        ({"-o": "/no/such/folder/b.json"}, "there is no folder /no/such/folder"),
        ({"--api-key-env": "NO_SUCH_VARIABLE"}, "the environment variable NO_SUCH_VARIABLE is not set"),
        ({"--base-url": "http://10.0.0.1/v1"}, "10.0.0.1"),
        ({"--base-url": "ftp://127.0.0.1/v1"}, "ftp"),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_cannot_be_begun_is_said_before_anything_is_asked(
    changed: dict[str, str], why: str, tmp_path: Path, capsys: Capsys
) -> None:
    with serving(Synthetic()) as server:
        given = {"--base-url": server.url, "--model": "toy", "-o": str(tmp_path / "b.json"), **changed}
        said = call(capsys, "record", *(part for pair in given.items() for part in pair))
        assert server.requests == 0
    assert (said.status, said.out) == (3, "")
    assert said.err.count("\n") == 1
    assert said.err.startswith("assay: ")
    assert why in said.err


def recording(server_url: str, tmp_path: Path, template: Path) -> tuple[object, ...]:
    given = ("--base-url", server_url, "--model", "toy", "--prompts", 12, "-o", tmp_path / "b.json")
    return ("record", *given, "--chat-template", template)


def test_with_the_chat_template_some_prompts_are_kept_as_raw_text(tmp_path: Path, capsys: Capsys) -> None:
    template = tmp_path / "template.jinja"
    template.write_text(TEMPLATE, "utf-8")
    with serving(Synthetic()) as server:
        said = call(capsys, *recording(server.url, tmp_path, template))
    assert said.status == 0, said.err
    found = files.read(tmp_path / "b.json")
    assert set(found.raw) == set(found.by_prompt)
    assert all(": " in text for text in found.raw.values())
    assert "(set aside: none)" in said.out
    template.write_text("another's: {{ messages[-1].content }}", "utf-8")
    with serving(Synthetic()) as server:
        other = call(capsys, *recording(server.url, tmp_path, template))
    assert other.status == 0
    assert "12 not reproduced as raw text" in other.out
    assert files.read(tmp_path / "b.json").raw == {}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot read the chat template: "),
        (b"\xff\xfe\x00", "cannot read the chat template: "),
        (b"{% for %}", "the chat template cannot be read: "),
        (b"{{ 10 ** 100000 }}", "the chat template cannot be read: "),
    ],
    ids=["missing", "no-text", "no-template", "no-expression"],
)
def test_a_chat_template_that_cannot_be_read_is_said_before_anything_is_asked(
    content: bytes | None, why: str, tmp_path: Path, capsys: Capsys
) -> None:
    template = tmp_path / "template.jinja"
    if content is not None:
        template.write_bytes(content)
    with serving(Synthetic()) as server:
        said = call(capsys, *recording(server.url, tmp_path, template))
        assert server.requests == 0
    assert (said.status, said.out) == (3, "")
    assert said.err.startswith(f"assay: {why}")
    assert said.err.count("\n") == 1
