from __future__ import annotations

from verifier.client.target import Target


def test_the_key_does_not_show() -> None:
    assert "secret" not in repr(Target("https://api.example.com/v1", "a-model", "secret"))
