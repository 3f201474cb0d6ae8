from __future__ import annotations

import pytest

from leaderboard.integrity.tiles import Bundle, Tile, bundles, pack, tiles


def test_the_paths_are_those_of_the_specification() -> None:
    assert Tile(0, 1234067, 256).path == "tile/0/x001/x234/067"
    assert Tile(0, 0, 256).path == "tile/0/000"
    assert Tile(1, 5, 17).path == "tile/1/005.p/17"
    assert Bundle(1000, 256).path == "tile/entries/x001/000"


def test_a_log_of_70000_entries_has_the_tiles_of_the_specification() -> None:
    """C2SP tlog-tiles: 273 whole tiles and one of 112, then one and one of 17, then one of 1."""
    found = list(tiles(70_000))
    assert len([tile for tile in found if (tile.level, tile.width) == (0, 256)]) == 273
    partial = [tile.path for tile in found if tile.width < 256]
    assert partial == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert [tile.path for tile in found if tile.level == 1] == ["tile/1/000", "tile/1/001.p/17"]
    assert list(tiles(0)) == []


def test_a_tile_holds_the_subtrees_of_its_level() -> None:
    assert Tile(0, 1, 2).nodes == [(0, 256), (0, 257)]
    assert Tile(1, 0, 2).nodes == [(8, 0), (8, 1)]


def test_a_bundle_holds_its_entries_behind_their_lengths() -> None:
    assert [bundle.span for bundle in bundles(300)] == [(0, 256), (256, 300)]
    assert pack([b"", b"abc"]) == b"\x00\x00\x00\x03abc"
    with pytest.raises(ValueError, match="at most"):
        pack([b"x" * 2**16])
