"""Long prompts with one fact hidden in them: composed, not stored, the same for everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from verifier.suites.cases import filler

COLOURS = ("red", "green", "blue", "yellow", "white", "black", "brown", "silver", "orange", "violet")
OPENING = "Read this text and find the code of a locker in it."
"""Without it weak models take the first sentences for an instruction."""
TOKENS_PER_WORD = 1.35
"""Of this English in common vocabularies; what a prompt really has is counted by the reference."""


@dataclass(frozen=True, slots=True)
class Needle:
    """A prompt of about `length` tokens with a fact at `depth` percent of it; `variant` makes it another."""

    length: int
    depth: int
    variant: int

    @property
    def id(self) -> str:
        """Its name, such as `1024/50/0`."""
        return f"{self.length}/{self.depth}/{self.variant}"

    @property
    def code(self) -> str:
        """The number that is to be found."""
        return str(10_000 + int(self._rng().integers(90_000)))

    @property
    def prompt(self) -> str:
        """The text: filling, the fact somewhere in it, the question at its end."""
        rng = self._rng()
        rng.integers(90_000)
        colour = COLOURS[int(rng.integers(len(COLOURS)))]
        wanted, words, sentences = int(self.length / TOKENS_PER_WORD) - 40, 0, list[str]()
        while words < wanted:
            for index in rng.permutation(len(filler())):
                sentences.append(filler()[int(index)])
                words += len(sentences[-1].split())
                if words >= wanted:
                    break
        place = min(len(sentences) - 1, round(self.depth / 100 * len(sentences)))
        sentences.insert(place, f"The code of the {colour} locker is {self.code}.")
        question = f"What is the code of the {colour} locker? Reply with the number only."
        return f"{OPENING}\n\n{' '.join(sentences)}\n\n{question}"

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng([self.length, self.depth, self.variant])
