from __future__ import annotations

import re
import shlex
from html import unescape

import pytest
from django.test import Client

from leaderboard.pages import numbers
from leaderboard.pages.guide import SECTIONS
from verifier.cli import calibrate, record, verify
from verifier.cli.main import Parser
from verifier.suites import load

pytestmark = pytest.mark.django_db


def page(client: Client) -> str:
    response = client.get("/guide/")
    assert response.status_code == 200
    return response.content.decode()


def test_every_section_is_listed_and_there(client: Client) -> None:
    found = page(client)
    for name, title in SECTIONS:
        assert f'<a href="#{name}">{title}</a>' in found
        assert f'<h2 id="{name}">{title}</h2>' in found


def test_every_page_links_it(client: Client) -> None:
    assert 'href="/guide/"' in client.get("/about/").content.decode()


def test_its_numbers_are_those_in_force(client: Client) -> None:
    found = page(client)
    assert numbers.whole(round(len(load("core").prompts) * 3, -2)) in found
    assert "below 60 requests" in found


def test_every_command_it_shows_is_one_that_the_command_line_takes(client: Client) -> None:
    parser = Parser(prog="assay")
    commands = parser.add_subparsers(required=True, parser_class=Parser)
    for command in (record, calibrate, verify):
        command.register(commands)
    blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page(client), re.DOTALL)
    lines = unescape("\n".join(blocks)).replace("\\\n", " ").splitlines()
    shown = [line for line in lines if line.startswith("assay ")]
    assert len(shown) == 4
    for line in shown:
        parser.parse_args(shlex.split(line)[1:])
