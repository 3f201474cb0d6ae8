"""Asking a deployment of the lab, each question once: seeds differ in what they draw, not in the server."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from verifier.checks.asking import draw_seed
from verifier.checks.base import Observation, Probe
from verifier.client.egress import EgressPolicy
from verifier.client.session import Client
from verifier.client.target import Target
from verifier.evidence.codec import observation_from_json, observation_to_json
from verifier.lab.serve import Served, serving

DRAWS = 1
"""Different draws of one place: a request with a seed is answered from one of so many, each drawn really."""
LISTED = 20
"""Length of the lists that are asked for where they are."""
POLICY = EgressPolicy(allow_loopback=True)
NAMED = {"base_url": "http://127.0.0.1/v1", "upstream_model": "lab"}


class Answers:
    """What one deployment answers: asked the first time, remembered from then on, also on disk under `keep`.

    The deployment is booted when the first question comes that has no answer yet. A greedy request without
    logprobs is answered from the same request with them, if that was asked: a text does not depend on whether
    its probabilities are shown (tests/verifier/lab holds that against the servers).
    """

    def __init__(self, name: str, keep: Path | None) -> None:
        self._name = name
        self._path = None if keep is None else keep / f"{name}.jsonl.gz"
        self._known = _read(self._path)
        self._asked = False
        self._waiting: dict[str, asyncio.Task[Observation]] = {}
        self._booting = asyncio.Lock()
        self._client: Client | None = None
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()
        if self._path is not None and self._asked:
            temporary = self._path.with_suffix(".half")
            with gzip.open(temporary, "wt", encoding="utf-8", compresslevel=3) as lines:
                for request, observation in self._known.items():
                    record = {"request": request, "observation": observation_to_json(observation)}
                    lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            temporary.replace(self._path)

    async def ask(self, probe: Probe) -> Observation:
        """The observation for `probe`, under its own key."""
        body = dict(probe.body)
        if "seed" in body:
            # Of its own for every place, as in a run (see draw_seed).
            which = body.pop("seed") % DRAWS
            body["seed"] = draw_seed(which, _digest(probe.api, body))
        request = _digest(probe.api, body)
        if request not in self._known and "seed" not in body and not body.get("logprobs"):
            shown = self._known.get(_digest(probe.api, {**body, "logprobs": True, "top_logprobs": LISTED}))
            if shown is not None and shown.answer is not None:
                return replace(shown, key=probe.key, answer=replace(shown.answer, positions=None))
        if request not in self._known:
            if request not in self._waiting:
                self._waiting[request] = asyncio.create_task(self._really(replace(probe, body=body)))
            self._known[request] = await self._waiting[request]
        return replace(self._known[request], key=probe.key)

    async def _really(self, probe: Probe) -> Observation:
        async with self._booting:
            if self._client is None:
                lab = self._closing.enter_context(serving((self._name,)))
                self._client = await self._closing.enter_async_context(client_of(lab.served[self._name]))
        self._asked = True
        return await self._client.ask(probe)


def _read(path: Path | None) -> dict[str, Observation]:
    """What an earlier bench has written, by the digest of the request."""
    if path is None or not path.exists():
        return {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return {record["request"]: observation_from_json(record["observation"]) for record in records}


def _digest(api: str, body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([api, body], sort_keys=True).encode()).hexdigest()


def client_of(served: Served) -> Client:
    """A client for one deployment of the lab."""
    return Client(Target(served.base_url, served.model), policy=POLICY)
