"""The composer: the same for a seed, new for another, like the public prompts and none of them."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from verifier.suites import HIDDEN, Prompt, SuiteError, as_jsonl, load, with_hidden
from verifier.suites.hidden import compose, parts
from verifier.suites.loader import plain

SEEDS = [hashlib.sha256(bytes([n])).digest() for n in range(4)]
POOLS = [compose(seed, 400) for seed in SEEDS]
ALL = [prompt for pool in POOLS for prompt in pool]


def frames() -> list[tuple[str, str, Any]]:
    return [
        (language, category, frame)
        for language, categories in parts()["frames"].items()
        for category, listed in categories.items()
        for frame in listed
    ]


def size(prompt: Prompt) -> int:
    return sum(len(message["content"]) for message in prompt.messages)


def test_a_seed_gives_the_same_pool_everywhere() -> None:
    assert compose(SEEDS[0], 400) == POOLS[0]
    assert compose(SEEDS[0], 30) == POOLS[0][:30]
    # On another machine too: change this with `version` in hidden_parts.toml.
    digest = hashlib.sha256(as_jsonl(compose(b"sixteen bytes or more", 100))).hexdigest()
    assert (parts()["version"], digest[:16]) == ("1", "5c6107d539ef3bfb")


def test_another_seed_gives_another_pool() -> None:
    texts = [set(map(plain, pool)) for pool in POOLS]
    for one, other in itertools.combinations(texts, 2):
        assert len(one & other) < 20


def test_no_hidden_prompt_is_public_or_twice_in_its_pool() -> None:
    core = load("core")
    public = set(map(plain, core.prompts))
    for pool in POOLS:
        texts = list(map(plain, pool))
        assert len(set(texts)) == len(texts)
        assert not public & set(texts)
        joined = with_hidden(core, pool, hashlib.sha256(as_jsonl(pool)).hexdigest())
        assert len(joined.prompts) == len(core.prompts) + 400


def test_ids_and_pool() -> None:
    assert [prompt.id for prompt in POOLS[0]][:2] == ["h001", "h002"]
    assert POOLS[0][-1].id == "h400"
    assert {prompt.pool for prompt in ALL} == {HIDDEN}


def test_what_is_composed_can_be_read_back(tmp_path: Path) -> None:
    (tmp_path / "pool.jsonl").write_bytes(as_jsonl(POOLS[1]))
    suite = load("core", hidden=tmp_path / "pool.jsonl")
    assert suite.prompts[-400:] == POOLS[1]
    assert suite.hidden_sha256 == hashlib.sha256(as_jsonl(POOLS[1])).hexdigest()


def test_every_place_is_filled() -> None:
    for prompt in ALL:
        for message in prompt.messages:
            text = message["content"]
            assert not re.search(r"<[^<>]*\||\{\w+\d*\}|\.\.\d|  ", text), text
            assert text == text.strip()


def test_the_frames_use_the_lists_and_all_of_them() -> None:
    used = set()
    for _, _, frame in frames():
        for text in [frame] if isinstance(frame, str) else frame:
            used |= {name.removesuffix("_cap") for name in re.findall(r"\{([^\W\d]+)\d*\}", text)}
    assert used == set(parts()["fillers"])
    for name, words in parts()["fillers"].items():
        assert len(set(words)) == len(words), name


def test_there_are_far_more_prompts_than_anybody_can_list() -> None:
    fillers = parts()["fillers"]
    possible = 0
    for _, category, frame in frames():
        if isinstance(frame, str) and category != "long":
            kinds = set(re.findall(r"\{([^\W\d]+\d*)\}", frame))
            possible += math.prod(len(fillers[re.sub(r"(_cap)?\d*$", "", kind)]) for kind in kinds)
    assert len(frames()) >= 200
    assert possible > 10**9


def test_the_mix_is_that_of_the_public_pool() -> None:
    core = load("core").prompts
    public = Counter(prompt.category for prompt in core)
    hidden = Counter(prompt.category for prompt in ALL)
    assert set(hidden) == set(public)
    for category in public:
        assert abs(hidden[category] / len(ALL) - public[category] / len(core)) < 0.13, category
    english = sum(prompt.language == "en" for prompt in ALL) / len(ALL)
    assert 0.6 <= english <= 0.74
    assert {prompt.language for prompt in ALL} <= {prompt.language for prompt in core}


def test_lengths_are_those_of_the_public_pool() -> None:
    for prompt in ALL:
        assert (2400 if prompt.category == "long" else 2) <= size(prompt), prompt.id
        assert size(prompt) <= (3200 if prompt.category == "long" else 520), prompt.id


def test_roles_are_those_of_the_category() -> None:
    for prompt in ALL:
        roles = [message["role"] for message in prompt.messages]
        assert (roles[0] == "system") == (prompt.category == "system")
        assert (len(roles) > 2) == (prompt.category == "dialogue")
        assert roles[-1] == "user"


@pytest.mark.parametrize(
    ("seed", "n", "says"),
    [(b"too short", 5, "has 9 bytes"), (SEEDS[0], 0, "from 1 to 5,000"), (SEEDS[0], 5001, "from 1 to 5,000")],
)
def test_a_seed_that_could_be_guessed_and_a_silly_number_are_refused(seed: bytes, n: int, says: str) -> None:
    with pytest.raises(SuiteError, match=says):
        compose(seed, n)


def test_the_largest_pool_can_be_composed() -> None:
    assert len(compose(SEEDS[3], 5000)) == 5000
