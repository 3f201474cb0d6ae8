"""Real deployments: they answer as a real server does, differ as they should, and always end."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.lab.processes import Watched, children
from verifier.lab.cache import VARIABLE, path_of
from verifier.lab.errors import LabError
from verifier.lab.serve import Lab, serving
from verifier.lab.source import MODEL

SERVED = ("reference", "q8_0", "hidden-prompt", "wrong-template", "stranger")
SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Name a colour."}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with serving(SERVED) as served:
        yield served


def chat(base_url: str, *messages: dict[str, str], **more: Any) -> dict[str, Any]:
    body = {"model": MODEL, "messages": messages, "max_tokens": 1, "temperature": 0, **more}
    request = urllib.request.Request(
        f"{base_url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def top(answer: dict[str, Any]) -> dict[int, float]:
    return {
        one["id"]: one["logprob"] for one in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
    }


def test_every_deployment_answers_under_the_models_name(lab: Lab) -> None:
    assert list(lab) == list(SERVED)
    for name, url in lab.items():
        answer = chat(url, USER)
        assert answer["model"] == MODEL
        assert answer["usage"]["completion_tokens"] == 1
        assert lab.served[name].deployment.name == name


def test_each_has_a_process_and_a_port_of_its_own(lab: Lab) -> None:
    assert len({served.pid for served in lab.served.values()}) == len(SERVED)
    assert len(set(lab.values())) == len(SERVED)


def test_logprobs_and_prefixes_work_and_a_degradation_shows(lab: Lab) -> None:
    prefix = {"role": "assistant", "content": "A colour that"}
    asked = {"logprobs": True, "top_logprobs": 20}
    cold = top(chat(lab["reference"], USER, prefix, **asked))
    reference = top(chat(lab["reference"], USER, prefix, **asked))
    assert len(reference) == 20
    # A prompt that is in the cache takes another way through the arithmetic, which is honest noise; the
    # same way gives the same numbers.
    assert top(chat(lab["reference"], USER, prefix, **asked)) == reference
    assert max(abs(reference[token] - cold[token]) for token in reference.keys() & cold.keys()) < 0.1
    degraded = top(chat(lab["q8_0"], USER, prefix, **asked))
    shared = reference.keys() & degraded.keys()
    assert len(shared) >= 10
    assert 0 < max(abs(reference[token] - degraded[token]) for token in shared) < 2


@pytest.mark.parametrize(
    "messages", [(USER,), (SYSTEM, USER), (USER, {"role": "assistant", "content": "Blue"})]
)
def test_a_hidden_sentence_costs_the_same_tokens_wherever_it_hides(
    lab: Lab, messages: tuple[dict[str, str], ...]
) -> None:
    def tokens(name: str) -> int:
        return int(chat(lab[name], *messages)["usage"]["prompt_tokens"])

    assert 12 <= tokens("hidden-prompt") - tokens("reference") <= 14
    assert tokens("wrong-template") < tokens("reference")
    assert tokens("stranger") != tokens("reference")


def test_the_stranger_speaks_another_vocabulary(lab: Lab) -> None:
    asked = {"logprobs": True, "top_logprobs": 20}
    text = {"role": "user", "content": "Photosynthesis converts electromagnetic radiation."}

    def listed(name: str) -> set[str]:
        answer = chat(lab[name], text, **asked)
        return {one["token"] for one in answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]}

    assert not listed("stranger") & listed("reference")


def test_requests_are_counted_exactly(lab: Lab) -> None:
    before = lab.served["q8_0"].requests()
    for number in (1, 2, 1):
        chat(lab["q8_0"], {"role": "user", "content": f"Count {number}"})
    after = lab.served["q8_0"].requests()
    assert {name: after[name] - before[name] for name in after} == {
        "requests": 3,
        "answered": 3,
        "distinct": 2,
    }


def test_a_stream_comes_in_pieces_and_ends(lab: Lab) -> None:
    body = {"messages": [USER], "max_tokens": 4, "stream": True}
    with urllib.request.urlopen(
        urllib.request.Request(f"{lab['q8_0']}/chat/completions", json.dumps(body).encode()), timeout=60
    ) as answer:
        lines = [line for line in answer if line.strip()]
    assert len(lines) > 4
    assert lines[-1].strip() == b"data: [DONE]"


def test_what_is_served_does_not_give_itself_away(lab: Lab) -> None:
    with urllib.request.urlopen(f"{lab['q8_0']}/models", timeout=10) as answer:
        assert "Q8" not in answer.read().decode()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(lab["q8_0"].removesuffix("/v1") + "/props", timeout=10)


def test_one_can_die_without_the_others() -> None:
    with serving(["q8_0", "stranger"]) as lab:
        killed, left = Watched(lab.served["stranger"].pid), Watched(lab.served["q8_0"].pid)
        killed.send(signal.SIGTERM)
        assert killed.ended(within=20)
        assert chat(lab["q8_0"], USER)["choices"]
        assert not left.ended(within=0)
    assert left.ended(within=0)


def test_a_port_can_be_chosen_and_a_taken_one_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(LabError, match=f"'stranger' did not start: port {port} cannot be had .*in use"),
            serving(["stranger"], ports={"stranger": port}),
        ):
            raise AssertionError("it must not start")
    with serving(["stranger"], ports={"stranger": port}) as lab:
        assert lab["stranger"] == f"http://127.0.0.1:{port}/v1"


def test_damaged_weights_are_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    path_of("stranger").write_bytes(b"GGUF")
    with (
        pytest.raises(
            LabError, match=r"'stranger' did not start: .*stranger-\w+\.gguf is damaged, remove it"
        ),
        serving(["stranger"]),
    ):
        raise AssertionError("it must not start")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with (
        pytest.raises(LabError, match=r"no deployment 'nope'; it has: reference, .*assay lab list"),
        serving(["nope"]),
    ):
        raise AssertionError("it must not start")


PLAIN = """
from verifier.lab.serve import serving
with serving(["stranger"]) as lab:
    print(lab.served["stranger"].pid, flush=True)
    input()
"""
FROM_A_THREAD = """
import threading
from verifier.lab.serve import serving
def serve():
    context = serving(["stranger"])
    print(context.__enter__().served["stranger"].pid, flush=True)
    kept.append(context)
kept = []
thread = threading.Thread(target=serve)
thread.start()
thread.join()
input()
"""
WITH_A_FORK_THAT_STAYS = """
import os, time, threading
from verifier.lab.serve import serving
def serve():
    with serving(["stranger"]) as lab:
        if os.fork() == 0:
            time.sleep(120)  # holds the pipes to the deployment open
            os._exit(0)
        print(lab.served["stranger"].pid, flush=True)
        input()
thread = threading.Thread(target=serve)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("program", [PLAIN, FROM_A_THREAD, WITH_A_FORK_THAT_STAYS])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_nothing_is_left_when_the_parent_is_killed(program: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        deployment = Watched(int(parent.stdout.readline()))
        forked = [Watched(pid) for pid in children(parent.pid) - {deployment.pid}]
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert deployment.ended(within=20)
        for one in forked:
            one.send(signal.SIGKILL)


def test_a_deployment_outlives_the_thread_that_started_it() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", FROM_A_THREAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        deployment = Watched(int(parent.stdout.readline()))
        assert not deployment.ended(within=0.5)
        parent.stdin.write("\n")
    assert deployment.ended(within=20)
