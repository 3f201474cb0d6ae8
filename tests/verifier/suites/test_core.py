"""The core suite is what its note says: how many prompts of what kind, in which languages, no two alike."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from verifier.suites import Prompt, load
from verifier.suites.loader import FOLDER, plain

PROMPTS = load("core").prompts
SHORT = [prompt for prompt in PROMPTS if prompt.category != "long"]
LONG = [prompt for prompt in PROMPTS if prompt.category == "long"]


def length(prompt: Prompt) -> int:
    """Characters of all its messages."""
    return sum(len(message["content"]) for message in prompt.messages)


def test_the_prompts_are_numbered() -> None:
    assert [prompt.id for prompt in SHORT] == [f"p{n:03}" for n in range(1, 1781)]
    assert [prompt.id for prompt in LONG] == [f"long{n:02}" for n in range(1, 25)]


def test_the_note_states_the_counts() -> None:
    note = (FOLDER / "core.toml").read_text("utf-8")
    foreign = Counter(prompt.language for prompt in PROMPTS if prompt.language != "en")
    assert f"{len(SHORT):,} short prompts" in note
    assert f"{len(LONG)} long ones" in note
    assert f"in {len(foreign)} other languages than English" in note
    assert f"{foreign.total()} prompts" in note


def test_there_are_enough_of_what_tells_models_apart() -> None:
    """A large model is sure of most first tokens: open choices and open writing are where it is not."""
    kinds = Counter(prompt.category for prompt in PROMPTS)
    assert set(kinds) == {
        "arithmetic", "code", "creative", "dialogue", "factual", "format", "long", "opinion", "reasoning",
        "rewriting", "system", "tools", "word",
    }  # fmt: skip
    assert kinds["word"] >= 450
    assert kinds["creative"] + kinds["opinion"] >= 360
    assert min(kinds[kind] for kind in kinds if kind not in ("long", "tools")) >= 70
    assert kinds["tools"] >= 40


def test_nearly_a_third_is_not_english() -> None:
    languages = Counter(prompt.language for prompt in PROMPTS)
    assert 0.32 <= 1 - languages["en"] / len(PROMPTS) <= 0.35
    assert languages["zh"] >= 140
    assert all(languages[code] >= 40 for code in ("de", "es", "fr", "ja"))
    assert all(languages[code] >= 20 for code in ("ar", "hi", "it", "ko", "pt", "ru"))
    assert all(languages[code] >= 10 for code in ("id", "nl", "pl", "tr", "vi"))


def test_a_category_has_the_messages_of_its_kind() -> None:
    for prompt in PROMPTS:
        roles = [message["role"] for message in prompt.messages]
        assert (prompt.category == "system") == (roles[0] == "system") or prompt.category == "long", prompt.id
        turns = roles[1:] if roles[0] == "system" else roles
        assert turns == [("user", "assistant")[n % 2] for n in range(len(turns))], prompt.id
        if prompt.category not in ("dialogue", "long"):
            assert len(turns) == 1, prompt.id
        if prompt.category == "dialogue":
            assert 3 <= len(turns) <= 7, prompt.id


def test_lengths_are_those_of_chat_traffic() -> None:
    lengths = sorted(map(length, SHORT))
    assert max(lengths) <= 400
    assert lengths[len(lengths) // 10 * 9] >= 90
    assert sum(value >= 200 for value in lengths) >= 40


@pytest.mark.parametrize("prompt", LONG, ids=lambda prompt: prompt.id)
def test_a_long_prompt_is_long(prompt: Prompt) -> None:
    assert 2400 <= length(prompt) <= 3200


def test_no_prompt_is_another_or_stands_in_one() -> None:
    texts = [plain(prompt) for prompt in PROMPTS]
    assert len(set(texts)) == len(texts)
    everything = "\0".join(texts)
    alone = [text for text in texts if everything.count(text) > 1]
    assert alone == []


def test_no_two_prompts_are_nearly_the_same() -> None:
    """Shared three-letter groups over all of both, at most 0.6 (Jaccard index)."""
    groups = [{f" {text} "[n : n + 3] for n in range(len(text))} for text in map(plain, PROMPTS)]
    columns = {group: n for n, group in enumerate(sorted(set().union(*groups)))}
    held = np.zeros((len(groups), len(columns)), np.float32)
    for row, found in enumerate(groups):
        held[row, [columns[group] for group in found]] = 1
    shared = held @ held.T
    sizes = held.sum(axis=1)
    jaccard = shared / (sizes[:, None] + sizes[None, :] - shared)
    np.fill_diagonal(jaccard, 0)
    alike = {(PROMPTS[i].id, PROMPTS[j].id) for i, j in np.argwhere(jaccard > 0.6)}
    assert alike == set()


def test_kinds_are_mixed() -> None:
    runs = [len(list(group)) for _, group in itertools.groupby(SHORT, key=lambda prompt: prompt.category)]
    assert max(runs) <= 5
