from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.integrity import merkle
from leaderboard.integrity.merkle import verify_consistency
from tests.leaderboard.integrity import trees
from verifier.certificate import leaf_hash, node_hash, verify_inclusion

# The reference tree of Certificate Transparency and transparency-dev/merkle: eight entries, the root after
# each, their published proofs.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
CONSISTENCY = {
    (1, 1): (),
    (1, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
REFERENCE = trees.Log(LEAVES)

logs = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def test_the_known_hashes_of_nothing() -> None:
    assert merkle.EMPTY_ROOT.hex() == EMPTY == trees.mth([]).hex()
    assert REFERENCE.root(0).hex() == EMPTY
    assert leaf_hash(b"").hex() == ROOTS[0]
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    two = node_hash(b"N123", b"N456").hex()
    assert two == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_reference_tree_has_its_published_roots(size: int) -> None:
    assert REFERENCE.root(size).hex() == ROOTS[size - 1] == trees.mth(LEAVES[:size]).hex()


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_published_inclusion_proofs(index: int, size: int) -> None:
    proof = [bytes.fromhex(text) for text in INCLUSION[index, size]]
    assert REFERENCE.inclusion(index, size) == proof == trees.path(index, LEAVES[:size])
    root = bytes.fromhex(ROOTS[size - 1])
    assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, root)


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_the_published_consistency_proofs(first: int, second: int) -> None:
    proof = [bytes.fromhex(text) for text in CONSISTENCY[first, second]]
    assert REFERENCE.consistency(first, second) == proof == trees.proof(first, LEAVES[:second])
    roots = [bytes.fromhex(ROOTS[size - 1]) for size in (first, second)]
    assert verify_consistency(first, second, proof, *roots)


@given(logs)
def test_roots_and_proofs_are_those_of_the_definition(entries: list[bytes]) -> None:
    log, size = trees.Log(entries), len(entries)
    assert log.root(size) == trees.mth(entries)
    for index in range(size):
        proof = log.inclusion(index, size)
        assert proof == trees.path(index, entries)
        assert verify_inclusion(leaf_hash(entries[index]), index, size, proof, log.root(size))
    for first in range(1, size + 1):
        proof = log.consistency(first, size)
        assert proof == trees.proof(first, entries)
        assert verify_consistency(first, size, proof, log.root(first), log.root(size))


def flipped(data: bytes, bit: int) -> bytes:
    place = bit % (8 * len(data))
    return data[: place // 8] + bytes([data[place // 8] ^ 1 << place % 8]) + data[place // 8 + 1 :]


@given(logs, st.data())
def test_one_bit_changed_in_an_entry_a_proof_or_a_root_is_caught(
    entries: list[bytes], data: st.DataObject
) -> None:
    log, size = trees.Log(entries), len(entries)
    index, bit = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 2**20))
    leaf, proof, root = leaf_hash(entries[index]), log.inclusion(index, size), log.root(size)
    if entries[index]:
        assert not verify_inclusion(leaf_hash(flipped(entries[index], bit)), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, flipped(root, bit))
    for place, part in enumerate(proof):
        changed = [*proof[:place], flipped(part, bit), *proof[place + 1 :]]
        assert not verify_inclusion(leaf, index, size, changed, root)
    assert not verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not proof or not verify_inclusion(leaf, index, size, proof[:-1], root)
    first = data.draw(st.integers(1, size))
    proof, old = log.consistency(first, size), log.root(first)
    assert not verify_consistency(first, size, proof, flipped(old, bit), root)
    assert not verify_consistency(first, size, proof, old, flipped(root, bit))
    for place, part in enumerate(proof):
        changed = [*proof[:place], flipped(part, bit), *proof[place + 1 :]]
        assert not verify_consistency(first, size, changed, old, root)
    assert not verify_consistency(first, size, [*proof, root], old, root)
    assert not proof or not verify_consistency(first, size, proof[:-1], old, root)


@given(logs, st.data())
def test_a_log_whose_past_was_changed_has_no_proof(entries: list[bytes], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(entries)))
    place = data.draw(st.integers(0, first - 1))
    rewritten = [*entries[:place], entries[place] + b"!", *entries[place + 1 :]]
    log, other = trees.Log(entries), trees.Log(rewritten)
    size = len(entries)
    proof = other.consistency(first, size)
    assert not verify_consistency(first, size, proof, log.root(first), other.root(size))


def test_impossible_places_are_refused() -> None:
    leaf, root = leaf_hash(LEAVES[0]), bytes.fromhex(ROOTS[0])
    for index, size in ((1, 1), (-1, 1), (0, 0), (5, 3)):
        assert not verify_inclusion(leaf, index, size, [], root)
        with pytest.raises(ValueError, match="no entry"):
            merkle.inclusion(index, size)
    assert verify_consistency(0, 1, [], merkle.EMPTY_ROOT, root)
    assert not verify_consistency(0, 1, [root], merkle.EMPTY_ROOT, root)
    assert not verify_consistency(0, 1, [], sha256(b"x").digest(), root)
    assert not verify_consistency(2, 1, [root], root, root)
    assert not verify_consistency(1, 2, [], root, bytes.fromhex(ROOTS[1]))
    with pytest.raises(ValueError, match="does not begin with"):
        merkle.consistency(2, 1)
