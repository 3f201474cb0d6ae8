"""What the published methods need from each deployment, asked of the lab once and kept in a folder."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.peers.asking import RANKED, Asked, Sample, Size, client_of, lists
from verifier.lab.cache import path_of
from verifier.lab.serve import Served
from verifier.suites import Prompt, Suite

FORMAT = 1
REFERENCE = "reference"
CALIBRATION = ("cal-f16", "cal-batch", "cal-slots")
JUDGED = ("f32", "int4-g64", "q8_0")
DEPLOYMENTS = (REFERENCE, *CALIBRATION, *JUDGED)
LANGUAGE = "en"
"""Of the prompts: the answers' tokens are then whole characters."""

Samples = dict[str, list[Sample]]
"""By prompt id."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """By deployment and prompt id. `scored` holds sampled answers as the reference scores them.

    `several` holds the sampled answers of those prompts that were answered often; `margins` the margins of
    greedy answers; `lists` the log-probabilities of one-token answers, in nats.
    """

    size: Size
    scored: Mapping[str, Samples]
    several: Mapping[str, Samples]
    margins: Mapping[str, dict[str, list[float]]]
    lists: Mapping[str, dict[str, dict[str, float]]]


async def collect(
    lab: Mapping[str, Served],
    suite: Suite,
    cache: Path | None,
    size: Size = Size(),  # noqa: B008  (immutable)
    say: Callable[[str], None] = lambda _: None,
) -> Evidence:
    """Ask every deployment of `DEPLOYMENTS`, the reference and one other at a time.

    What is found in the folder `cache` is not asked again; it is found by suite, weights, options and size.

    Raises:
        ExceptionGroup: a deployment does not answer (the RuntimeErrors say which).
        ValueError: the suite has too few prompts.
    """
    english = [prompt for prompt in suite.prompts if prompt.language == LANGUAGE]
    if len(english) < max(size.prompts, size.greedy, size.lists):
        raise ValueError(f"the suite {suite.name} has {len(english)} prompts in {LANGUAGE}: too few")
    kept = _Kept(cache, lab, suite, size)
    answers: dict[str, asyncio.Future[dict[str, Any]]] = {
        name: asyncio.get_running_loop().create_future() for name in DEPLOYMENTS
    }

    async def others() -> None:
        for name in DEPLOYMENTS[1:]:
            async with client_of(lab[name]) as client:
                asked = Asked(client, name)
                answers[name].set_result(
                    await kept.once("answers", name, partial(_ask, asked, english, size))
                )
            say(f"{name}: asked")

    async def reference() -> dict[str, dict[str, Any]]:
        scores = {}
        async with client_of(lab[REFERENCE]) as client:
            asked = Asked(client, REFERENCE)
            own = await kept.once("answers", REFERENCE, partial(_ask, asked, english, size))
            answers[REFERENCE].set_result(own)
            say(f"{REFERENCE}: asked")
            for name in DEPLOYMENTS[1:]:
                theirs = await answers[name]
                scores[name] = await kept.once("scores", name, partial(_score, asked, english, theirs, size))
                say(f"{name}: scored")
        return scores

    async with asyncio.TaskGroup() as group:
        group.create_task(others())
        scoring = group.create_task(reference())
    found = {name: answer.result() for name, answer in answers.items()}
    return _evidence(size, found, scoring.result())


def _evidence(
    size: Size, answers: Mapping[str, Mapping[str, Any]], scores: Mapping[str, Mapping[str, Any]]
) -> Evidence:
    samples = {name: answers[name]["samples"] for name in (REFERENCE, *JUDGED)}
    often = list(samples[REFERENCE])[: size.several]
    return Evidence(
        size=size,
        scored={
            REFERENCE: samples[REFERENCE],
            **{name: scores[name]["samples"] for name in JUDGED},
        },
        several={name: {prompt: of[prompt] for prompt in often} for name, of in samples.items()},
        margins={name: scores[name]["margins"] for name in DEPLOYMENTS[1:]},
        lists={name: answers[name]["lists"] for name in DEPLOYMENTS},
    )


async def _ask(asked: Asked, prompts: Sequence[Prompt], size: Size) -> dict[str, Any]:
    """All that one deployment is asked for, prompt by prompt: the servers keep the last one's state."""
    mine = asked.name == REFERENCE
    samples: Samples = {}
    if mine or asked.name in JUDGED:
        for number, prompt in enumerate(prompts[: size.prompts]):
            answers = size.references if mine else size.many if number < size.several else size.few
            drawn = (
                asked.sample(prompt, one, size.length, RANKED - 1 if mine else 1) for one in range(answers)
            )
            samples[prompt.id] = await asyncio.gather(*drawn)
    greedy = {}
    for prompt in [] if mine else prompts[: size.greedy]:
        greedy[prompt.id] = await asked.greedy(prompt, size.greedy_length)
    return {"samples": samples, "greedy": greedy, "lists": await lists(asked, prompts[: size.lists])}


async def _score(
    reference: Asked, prompts: Sequence[Prompt], theirs: Mapping[str, Any], size: Size
) -> dict[str, Any]:
    """The reference's scores of another's answers: one request at a time, each a token longer."""
    samples: Samples = {}
    margins = {}
    for prompt in prompts:
        for sample in theirs["samples"].get(prompt.id, [])[: size.few]:
            scored = await reference.score(prompt, [token for token, _, _ in sample])
            samples.setdefault(prompt.id, []).append(scored)
        if prompt.id in theirs["greedy"]:
            margins[prompt.id] = await reference.margins(prompt, theirs["greedy"][prompt.id])
    return {"samples": samples, "margins": margins}


class _Kept:
    """Answers in a folder, or nowhere."""

    def __init__(self, folder: Path | None, lab: Mapping[str, Served], suite: Suite, size: Size) -> None:
        self._folder = folder
        self._lab = lab
        self._about = [FORMAT, suite.sha256, asdict(size)]

    async def once(
        self, what: str, name: str, ask: Callable[[], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        """What `ask` gives, or gave when it was asked before."""
        if self._folder is None:
            return await ask()
        path = self._path(what, name)
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_text())
            return found
        given = await ask()
        self._folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(given))
        return given

    def _path(self, what: str, name: str) -> Path:
        parts = [*self._about, *(self._served(one) for one in (REFERENCE, name))]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        assert self._folder is not None
        return self._folder / f"{what}-{name}-{digest}.json"

    def _served(self, name: str) -> list[Any]:
        deployment = self._lab[name].deployment
        return [path_of(deployment.weights).name, deployment.options.as_json()]
