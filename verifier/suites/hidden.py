"""Composes a hidden pool: prompts that nobody has seen before, from a secret that the operator keeps.

The frames and the words that fill them are public (`hidden_parts.toml`), the choice is not: whoever does not
know the secret cannot list the prompts, only guess that one looks like them. The composed file, not the
secret, is what is hashed and published later, so a change of the frames does no harm to a pool in use. A pool
that an operator wrote himself is harder to recognise still; `verifier.suites.load` reads either.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np

from verifier.suites.loader import FOLDER, HIDDEN, PARTS, Prompt, SuiteError, load, names, plain

T = TypeVar("T")

LEAST_SECRET = 16
"""Bytes. The frames are public and so is the pool's hash: a shorter secret could be found by trying all."""
LONG = 2400
"""Characters that a prompt of the category `long` has at least."""
MOST = 5000
"""Prompts of one pool: the frames then repeat themselves some twenty times."""
ROLES = ("user", "assistant")

_ALTERNATIVES = re.compile(r"<([^<>]*\|[^<>]*)>")
_NUMBER = re.compile(r"\{(\d+)\.\.(\d+)\}")
_NAME = re.compile(r"\{([^\W\d_]+(?:_[^\W\d_]+)*)(\d*)\}")
_CAPITAL = "_cap"


def compose(seed: bytes, n: int) -> tuple[Prompt, ...]:
    """`n` prompts called h001, h002, …: always the same for a seed, no two alike, none of them public.

    `seed` is secret and random, at least 16 bytes. Languages and categories come in the shares of the public
    pool. Raises `SuiteError` for a short seed or an `n` that is not from 1 to 5,000.
    """
    if len(seed) < LEAST_SECRET:
        raise SuiteError(
            f"The secret has {len(seed)} bytes; it needs at least {LEAST_SECRET} random ones, or the pool "
            "could be found by trying secrets. `openssl rand -hex 32` makes a good one."
        )
    if not 1 <= n <= MOST:
        raise SuiteError(f"A hidden pool has from 1 to {MOST:,} prompts, not {n}.")
    composer = _Composer(np.random.default_rng(int.from_bytes(hashlib.sha256(seed).digest())))
    taken = set(_public())
    prompts: list[Prompt] = []
    while len(prompts) < n:
        prompt = composer.prompt(f"h{len(prompts) + 1:03}")
        text = plain(prompt)
        if text not in taken:
            taken.add(text)
            prompts.append(prompt)
    return tuple(prompts)


class _Composer:
    """Draws frames like cards from a shuffled deck of their language and category, and fills them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._parts = parts()
        self._decks: dict[tuple[str, str], list[Any]] = {}
        self._filled: dict[str, list[str]] = {}

    def prompt(self, name: str) -> Prompt:
        share, frames = self._parts["share"], self._parts["frames"]
        language = self._weighted(share["language"])
        category = self._weighted({key: share["category"][key] for key in frames[language]})
        deck = self._decks.setdefault((language, category), [])
        if not deck:
            deck.extend(self._shuffled(frames[language][category]))
        frame = deck.pop()
        self._filled = {}
        if category == "long":
            contents = [self._long(*frame)]
        else:
            contents = [self._fill(text) for text in ([frame] if isinstance(frame, str) else frame)]
        if language == "en" and len(contents) == 1 and category != "long" and self._rng.integers(8) == 0:
            contents = [_hasty(contents[0])]
        return Prompt(name, category, language, tuple(_messages(contents, category)), HIDDEN)

    def _long(self, head: str, line: str) -> str:
        text = self._fill(head)
        while len(text) < LONG:
            self._filled = {}
            text += "\n" + self._fill(line)
        return text

    def _fill(self, frame: str) -> str:
        text = _ALTERNATIVES.sub(lambda found: self._one(found[1].split("|")), frame)
        text = _NUMBER.sub(lambda found: str(self._rng.integers(int(found[1]), int(found[2]) + 1)), text)
        text = _NAME.sub(self._word, text).strip()
        return text[0].upper() + text[1:]

    def _word(self, found: re.Match[str]) -> str:
        """The filler for a place in a frame: the same number is the same word, another number another."""
        kind, number = found[1].removesuffix(_CAPITAL), int(found[2] or 1)
        drawn = self._filled.setdefault(kind, [])
        while len(drawn) < number:
            drawn.append(self._one([word for word in self._parts["fillers"][kind] if word not in drawn]))
        word = drawn[number - 1]
        return word[0].upper() + word[1:] if found[1].endswith(_CAPITAL) else word

    def _one(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]

    def _shuffled(self, items: Sequence[T]) -> list[T]:
        return [items[index] for index in self._rng.permutation(len(items))]

    def _weighted(self, weights: Mapping[str, int]) -> str:
        ends = np.cumsum(list(weights.values()))
        return list(weights)[int(np.searchsorted(ends, self._rng.integers(ends[-1]), side="right"))]


def _messages(contents: Sequence[str], category: str) -> list[Mapping[str, str]]:
    system = [{"role": "system", "content": contents[0]}] if category == "system" else []
    turns = contents[len(system) :]
    return [*system, *({"role": ROLES[index % 2], "content": text} for index, text in enumerate(turns))]


def _hasty(text: str) -> str:
    """As typed by somebody in a hurry: no capital at the start, no full stop at the end."""
    first = text.split()[0]
    return (text if first.isupper() else text[0].lower() + text[1:]).removesuffix(".")


@cache
def parts() -> Mapping[str, Any]:
    """What prompts are composed of: shares, frames by language and category, fillers by kind."""
    return tomllib.loads((FOLDER / f"{PARTS}.toml").read_text("utf-8"))


@cache
def _public() -> frozenset[str]:
    return frozenset(plain(prompt) for name in names() for prompt in load(name).prompts)
