"""A run's evidence as one file: the bundle that `assay recheck` reads, hidden prompts as salted hashes. Pure.

The first line is the manifest: what verifier.evidence.bundle needs, and beside it which versions judged, with
what result. A file is named by its own SHA-256, so its name is what `sha256sum` says.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verifier.evidence.canonical import canonical_json
from verifier.suites import HIDDEN, Prompt


@dataclass(frozen=True, slots=True)
class Answered:
    """One request, `{"api", "body"}`, and its answer as verifier.evidence.codec writes it."""

    key: str
    purpose: str
    request: Mapping[str, Any]
    observation: Mapping[str, Any]


class Veil:
    """Puts a salted hash where a request holds the text of a hidden prompt."""

    def __init__(self, prompts: Iterable[Prompt], salt: bytes) -> None:
        self._salt = salt
        self._said = {
            message["content"]: prompt
            for prompt in prompts
            if prompt.pool == HIDDEN
            for message in prompt.messages
            if message["role"] != "assistant"
        }

    def over(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body without what tells a hidden prompt; `hidden` names it, by its id and salted hash."""
        telling = {name: self._prompt_in(value) for name, value in body.items()}
        found = next((prompt for prompt in telling.values() if prompt is not None), None)
        if found is None:
            return dict(body)
        kept = {name: value for name, value in body.items() if telling[name] is None}
        return {**kept, "hidden": {"prompt": found.id, "sha256": salted(found, self._salt)}}

    def _prompt_in(self, value: Any) -> Prompt | None:
        texts = list(_texts(value))
        for text in texts:
            if text in self._said:
                return self._said[text]
        for said, prompt in self._said.items():
            if any(said in text for text in texts):
                return prompt
        return None


def salted(prompt: Prompt, salt: bytes) -> str:
    """SHA-256 of the salt and the prompt's messages as canonical JSON, in hexadecimal."""
    messages: Sequence[Mapping[str, str]] = [dict(message) for message in prompt.messages]
    return hashlib.sha256(salt + canonical_json(messages)).hexdigest()


def pack(manifest: Mapping[str, Any], answered: Iterable[Answered], veil: Veil | None) -> bytes:
    """The bundle's bytes: always the same for the same evidence."""
    lines = [_line(manifest)]
    for one in answered:
        body = dict(one.request["body"])
        probe = {
            "key": one.key,
            "api": one.request["api"],
            "body": body if veil is None else veil.over(body),
            "purpose": one.purpose,
        }
        lines.append(_line({"probe": probe, "observation": dict(one.observation)}))
    return gzip.compress("".join(lines).encode(), compresslevel=6, mtime=0)


def sealed(data: bytes, salt: bytes) -> bytes:
    """The bundle as it is handed out while its hidden pool is in use: an answer to a hidden prompt tells much
    of it, so a salted hash stands in its place. Whoever keeps this can see, once salt and bundle are
    published, that they are what they were.
    """
    manifest, *lines = gzip.decompress(data).decode().split("\n")[:-1]
    kept = [f"{manifest}\n"]
    for line in lines:
        record = json.loads(line)
        if "hidden" in record["probe"]["body"]:
            hashed = hashlib.sha256(salt + canonical_json(record["observation"])).hexdigest()
            line = _line({"probe": record["probe"], "sealed": hashed}).rstrip("\n")
        kept.append(f"{line}\n")
    return gzip.compress("".join(kept).encode(), compresslevel=6, mtime=0)


def address(data: bytes) -> str:
    """What the bundle is called: `sha256:…` of the file."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def place(digest: str) -> str:
    """Where a bundle lies in its storage."""
    name = digest.removeprefix("sha256:")
    return f"bundles/{name[:2]}/{name}.jsonl.gz"


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=True, separators=(",", ":")) + "\n"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
