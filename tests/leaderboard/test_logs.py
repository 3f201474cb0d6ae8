from __future__ import annotations

import json
import logging
import logging.config

import pytest
import structlog

from leaderboard import logs

KEY = "sk-CANARY0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"provider said {KEY} is wrong", "provider said "),
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer "),
        ("postgresql://me:hunter2@db:5432/assay", "@db:5432/assay"),
        ("redis://:hunter2@mq/0", "@mq/0"),
    ],
)
def test_keys_and_passwords_are_masked_in_text(text: str, kept: str) -> None:
    masked = logs.mask(text)
    assert logs.MASK in masked
    assert kept in masked
    assert KEY not in masked
    assert "hunter2" not in masked


def test_plain_text_stays() -> None:
    text = "asked http://127.0.0.1:8000/v1 for 12 completion_tokens of a task-oriented model"
    assert logs.mask(text) == text


def test_both_kinds_of_loggers_write_one_redacted_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    logging.config.dictConfig(logs.configuration("INFO", as_json=True))
    try:
        structlog.get_logger("assay").warning("said", api_key=KEY, detail={"note": KEY}, completion_tokens=5)
        try:
            raise ValueError(f"bad key {KEY}")
        except ValueError:
            logging.getLogger("plain").exception("failed for %s", f"Bearer {KEY}")
    finally:
        logging.getLogger().handlers = before
    first, second = map(json.loads, capsys.readouterr().err.strip().splitlines())
    assert first["api_key"] == logs.MASK
    assert first["completion_tokens"] == 5
    assert "ValueError: bad key [redacted]" in second["exception"]
    assert KEY not in json.dumps([first, second])
