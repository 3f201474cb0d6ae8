"""The model that is not SmolLM2: a closed vocabulary, weights from the seed alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.verifier.lab.tiny import FIELDS, tiny_model
from verifier.lab.gguf_file import Field, ModelFile
from verifier.lab.stranger import Stranger, make, random_tensor, truncated_vocabulary


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_merges_use_and_make_known_tokens_only(count: int) -> None:
    tokens, merges = ["a", "b", "ab", "c", "abc"], ["a b", "ab c", "b c"]
    fields = {
        **FIELDS,
        "tokenizer.ggml.tokens": Field(tokens, FIELDS["tokenizer.ggml.tokens"].type),
        "tokenizer.ggml.merges": Field(merges, FIELDS["tokenizer.ggml.merges"].type),
        "tokenizer.ggml.token_type": Field([1] * 5, FIELDS["tokenizer.ggml.token_type"].type),
    }
    cut = truncated_vocabulary(fields, count)
    assert cut["tokenizer.ggml.tokens"] == tokens[:count]
    assert len(cut["tokenizer.ggml.token_type"]) == count
    assert cut["tokenizer.ggml.merges"] == {2: [], 3: ["a b"], 4: ["a b"], 5: ["a b", "ab c"]}[count]


def test_weights_come_from_the_seed_and_the_name() -> None:
    one = random_tensor("blk.0.attn_q.weight", (64, 576), 1)
    assert np.array_equal(one, random_tensor("blk.0.attn_q.weight", (64, 576), 1))
    assert not np.array_equal(one, random_tensor("blk.0.attn_q.weight", (64, 576), 2))
    assert not np.array_equal(one, random_tensor("blk.1.attn_q.weight", (64, 576), 1))
    assert abs(float(one.std()) - 576**-0.5) < 0.001
    assert random_tensor("output_norm.weight", (4,), 1).tolist() == [1, 1, 1, 1]


def test_the_file_has_another_shape_and_vocabulary(tmp_path: Path) -> None:
    path, tensors = tiny_model(tmp_path)
    make(Stranger("s", tokens=3, layers=1, seed=1), ModelFile(path), tmp_path / "s.gguf")
    made = ModelFile(tmp_path / "s.gguf")
    assert made.fields["llama.block_count"].value == 1
    assert made.fields["llama.vocab_size"].value == 3
    assert made.fields["tokenizer.ggml.merges"].value == ["a b"]
    assert made.shape("token_embd.weight") == made.shape("output.weight") == (3, 64)
    assert not np.array_equal(made.load("blk.0.attn_q.weight"), tensors["blk.0.attn_q.weight"])
