from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.client.asking import KEY, ask, asking, chat_probe
from tests.verifier.client.behaviours import BEHAVIOURS
from tests.verifier.client.hostile import chat, reply
from verifier.checks.base import Fault
from verifier.client.exchange import request_url
from verifier.client.target import Target

GOOD = BEHAVIOURS["answers"]


class TestWhatItSends:
    async def test_an_ordinary_request(self) -> None:
        async with asking(GOOD) as (asked, server):
            await asked.ask(chat_probe(temperature=0))

        request = server.requests[0]
        assert request.path == "/v1/chat/completions"
        assert request.body == {"model": "a-model", **chat_probe(temperature=0).body}
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["content-type"] == "application/json"
        assert "assay" not in str(request.headers).lower()

    async def test_no_key_no_header(self) -> None:
        async with asking(GOOD, key=None) as (asked, server):
            assert (await asked.ask(chat_probe())).ok

        assert "authorization" not in server.requests[0].headers

    @pytest.mark.parametrize(("suffix", "path"), [("", "/v1"), ("/", "/v1"), ("/openai/", "/v1/openai")])
    def test_the_base_url_is_used_as_given(self, suffix: str, path: str) -> None:
        target = Target(f"https://api.example.com/v1{suffix}", "a-model")

        assert request_url(target, "chat/completions") == f"https://api.example.com{path}/chat/completions"

    async def test_nothing_is_remembered_between_requests(self) -> None:
        async with asking(reply(chat(), headers={"Set-Cookie": "a=b; Path=/"})) as (asked, server):
            for _ in range(2):
                await asked.ask(chat_probe())

        assert "cookie" not in server.requests[1].headers


async def test_control_characters_of_an_error_are_gone() -> None:
    observation = await ask(BEHAVIOURS["controls-in-error"])

    assert observation.detail == "HTTP 400: [2Jred evil line"


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("500", "HTTP 500: this is error 500"),
        ("502-html", "HTTP 502: an HTML page (Bad Gateway)"),
        ("204", "HTTP 204, with no message."),
        ("html", "The answer (sent as text/html) is unusable: not JSON, expecting value at character 0."),
        ("no-choices", "The answer has no choices."),
        ("error-in-200", "An error object was sent with status 200: the GPU is on fire"),
        ("gigabyte", "The answer is larger than 8 MB; it was not read further."),
        ("silent", "No complete answer within 0.5 s."),
        ("too-many-logprobs", "The logprobs list 3 tokens, but usage says 1 were generated."),
        ("logprob-above-zero", "A logprob is 0.5; the logarithm of a probability is never above 0."),
    ],
)
async def test_the_detail_is_a_line_for_a_person(name: str, detail: str) -> None:
    limits: dict[str, Any] = {"deadline": 0.5} if name == "silent" else {}

    assert (await ask(BEHAVIOURS[name], **limits)).detail == detail


async def test_the_status_is_kept_with_the_failure() -> None:
    assert (await ask(BEHAVIOURS["404"])).http_status == 404
    assert (await ask(BEHAVIOURS["html"])).http_status == 200
    assert (await ask(BEHAVIOURS["silent"], deadline=0.1)).http_status is None


async def test_an_answer_longer_than_any_needs_to_be_is_not_kept() -> None:
    observation = await ask(reply(chat(content="a" * (2**20 + 1))))

    assert observation.fault is Fault.TOO_LARGE
