"""What the published methods need from each deployment, asked of the lab once and kept in a folder."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.bench.baselines import honest_stacks
from tests.bench.peers.asking import RANKED, Asked, Sample, Size, client_of, lists, repeats
from verifier.lab.cache import path_of
from verifier.lab.serve import Served
from verifier.suites import Prompt, Suite

Json = TypeVar("Json")

FORMAT = 1
REFERENCE = "reference"
CALIBRATION = ("cal-f16", "cal-batch", "cal-slots")
JUDGED = ("f32", "int4-g64", "q8_0")
WITNESSES = tuple(name for name in honest_stacks(full=True) if name not in (*CALIBRATION, *JUDGED))
"""Further honest stacks, asked for lists alone: a threshold made from honest deployments has to hold for
those that it was not made from.
"""
DEPLOYMENTS = (REFERENCE, *CALIBRATION, *JUDGED, *WITNESSES)
LANGUAGE = "en"
"""Of the prompts: the answers' tokens are then whole characters."""

Samples = dict[str, list[Sample]]
"""By prompt id."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """By deployment and prompt id. `scored` holds sampled answers as the reference scores them.

    `several` holds the sampled answers of those prompts that were answered often; `margins` the margins of
    greedy answers; `lists` the log-probabilities of one-token answers, in nats; `repeats` those of the same
    question asked again and again.
    """

    size: Size
    scored: Mapping[str, Samples]
    several: Mapping[str, Samples]
    margins: Mapping[str, dict[str, list[float]]]
    lists: Mapping[str, dict[str, dict[str, float]]]
    repeats: Mapping[str, dict[str, list[dict[str, float]]]]


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
    found = _Found()

    async def others() -> None:
        for name in DEPLOYMENTS[1:]:
            async with client_of(lab[name]) as client:
                await found.ask(kept, Asked(client, name), english, size)
            say(f"{name}: asked")

    async def reference() -> None:
        async with client_of(lab[REFERENCE]) as client:
            asked = Asked(client, REFERENCE)
            await found.ask(kept, asked, english, size)
            say(f"{REFERENCE}: asked")
            for name in (*CALIBRATION, *JUDGED):
                await found.answered[name].wait()
                await found.score(kept, asked, name, english, size)
                say(f"{name}: scored")

    async with asyncio.TaskGroup() as group:
        group.create_task(others())
        group.create_task(reference())
    return found.evidence(size)


class _Found:
    """What was found so far, by deployment and prompt id."""

    def __init__(self) -> None:
        self.answered = {name: asyncio.Event() for name in DEPLOYMENTS}
        self._samples: dict[str, Samples] = {}
        self._greedy: dict[str, dict[str, list[str]]] = {}
        self._lists: dict[str, dict[str, dict[str, float]]] = {}
        self._scored: dict[str, Samples] = {}
        self._margins: dict[str, dict[str, list[float]]] = {}
        self._repeats: dict[str, dict[str, list[dict[str, float]]]] = {}

    async def ask(self, kept: _Kept, asked: Asked, prompts: Sequence[Prompt], size: Size) -> None:
        """All that one deployment is asked for."""
        name = asked.name
        self._lists[name] = await kept.once("lists", name, lambda: lists(asked, prompts[: size.lists]))
        if name not in (*CALIBRATION, *WITNESSES):
            often = prompts[: size.repeated]
            self._repeats[name] = await kept.once(
                "repeats", name, lambda: repeats(asked, often, size.repeats)
            )
        if name not in (REFERENCE, *WITNESSES):
            self._greedy[name] = await kept.once("greedy", name, lambda: _greedy(asked, prompts, size))
        if name not in (*CALIBRATION, *WITNESSES):
            self._samples[name] = await kept.once("samples", name, lambda: _samples(asked, prompts, size))
        self.answered[name].set()

    async def score(
        self, kept: _Kept, reference: Asked, name: str, prompts: Sequence[Prompt], size: Size
    ) -> None:
        """The reference's scores of what the deployment `name` answered."""
        greedy = self._greedy[name]
        self._margins[name] = await kept.once("margins", name, lambda: _margins(reference, prompts, greedy))
        if name in JUDGED:
            few = {prompt: answers[: size.few] for prompt, answers in self._samples[name].items()}
            self._scored[name] = await kept.once("scores", name, lambda: _scores(reference, prompts, few))

    def evidence(self, size: Size) -> Evidence:
        """All of it, once everybody was asked and scored."""
        often = list(self._samples[REFERENCE])[: size.several]
        return Evidence(
            size=size,
            scored={REFERENCE: self._samples[REFERENCE], **self._scored},
            several={name: {prompt: of[prompt] for prompt in often} for name, of in self._samples.items()},
            margins=self._margins,
            lists=self._lists,
            repeats=self._repeats,
        )


async def _samples(asked: Asked, prompts: Sequence[Prompt], size: Size) -> Samples:
    """Sampled answers, prompt by prompt: the servers keep the last one's state."""
    mine = asked.name == REFERENCE
    samples: Samples = {}
    for number, prompt in enumerate(prompts[: size.prompts]):
        answers = size.references if mine else size.many if number < size.several else size.few
        drawn = (asked.sample(prompt, one, size.length, RANKED - 1 if mine else 1) for one in range(answers))
        samples[prompt.id] = await asyncio.gather(*drawn)
    return samples


async def _greedy(asked: Asked, prompts: Sequence[Prompt], size: Size) -> dict[str, list[str]]:
    """The tokens of greedy answers."""
    asking = (asked.greedy(prompt, size.greedy_length) for prompt in prompts[: size.greedy])
    answers = await asyncio.gather(*asking)
    return {prompt.id: tokens for prompt, tokens in zip(prompts, answers, strict=False)}


async def _scores(reference: Asked, prompts: Sequence[Prompt], theirs: Samples) -> Samples:
    """Samples with the reference's scores, one request at a time, each a token longer than the last."""
    return {
        prompt.id: [
            await reference.score(prompt, [token for token, _, _ in sample]) for sample in theirs[prompt.id]
        ]
        for prompt in prompts
        if prompt.id in theirs
    }


async def _margins(
    reference: Asked, prompts: Sequence[Prompt], greedy: Mapping[str, Sequence[str]]
) -> dict[str, list[float]]:
    """The margins of greedy answers, asked for as scores are."""
    return {
        prompt.id: await reference.margins(prompt, greedy[prompt.id])
        for prompt in prompts
        if prompt.id in greedy
    }


class _Kept:
    """Answers in a folder, or nowhere."""

    def __init__(self, folder: Path | None, lab: Mapping[str, Served], suite: Suite, size: Size) -> None:
        self._folder = folder
        self._lab = lab
        self._about = [FORMAT, suite.sha256, asdict(size)]

    async def once(self, what: str, name: str, ask: Callable[[], Awaitable[Json]]) -> Json:
        """What `ask` gives, or gave when it was asked before."""
        path = self._path(what, name)
        if path is not None and path.exists():
            text = path.read_text()
        else:
            text = json.dumps(await ask())
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        found: Json = json.loads(text)
        return found

    def _path(self, what: str, name: str) -> Path | None:
        if self._folder is None:
            return None
        parts = [*self._about, *(self._served(one) for one in (REFERENCE, name))]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        return self._folder / f"{what}-{name}-{digest}.json"

    def _served(self, name: str) -> list[Any]:
        deployment = self._lab[name].deployment
        return [path_of(deployment.weights).name, deployment.options.as_json()]
