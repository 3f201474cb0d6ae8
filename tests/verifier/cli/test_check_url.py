from __future__ import annotations

import argparse

import pytest

from tests.verifier.client import refused
from verifier.cli import check_url


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    check_url.register(parser.add_subparsers())
    args = parser.parse_args(["check-url", *arguments])
    status: int = args.run(args)
    return status


@pytest.mark.parametrize("url", refused.PASS)
def test_a_good_address_is_0_and_one_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(url) == 0

    said = capsys.readouterr()
    assert said.out.startswith("https to ")
    assert said.out.count("\n") == 1
    assert not said.err


@pytest.mark.parametrize(
    "url", [*refused.PARSERS, *refused.SCHEMES, "http://127.0.0.1:8081/v1", "https://10.0.0.1"]
)
def test_a_refused_address_is_3_and_one_line_on_stderr(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--", url) == 3

    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert said.err.strip()


def test_the_allow_list_opens_its_host_and_port() -> None:
    assert run("--allow", "127.0.0.1:8081", "--allow", "[::1]:80", "http://127.0.0.1:8081/v1") == 0
    assert run("--allow", "127.0.0.1:8081", "--allow", "[::1]:80", "http://[::1]/v1") == 0
    assert run("--allow", "127.0.0.1:8081", "http://127.0.0.1:8082/v1") == 3


def test_an_allow_entry_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--allow", "everything", "https://8.8.8.8/v1") == 3
    assert "'everything' is not a host:port to allow" in capsys.readouterr().err
