"""A mail server that keeps what it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """The mails by their order: (to, subject, text)."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str, str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain",))
        text = "" if body is None else body.get_content()
        self.mails += [(to, str(message["Subject"]), text) for to in envelope.rcpt_tos]
        return "250 kept"

    def link(self, to: str, path: str) -> str | None:
        """The path of the last link below `path` in a mail to this address."""
        found = [
            match[1]
            for address, _, text in self.mails
            for match in re.finditer(rf"https?://[^/\s]+({path}\S*)", text)
            if address == to
        ]
        return found[-1] if found else None

    def subjects(self, to: str) -> list[str]:
        return [subject for address, subject, _ in self.mails if address == to]


@contextmanager
def mailbox(port: int) -> Iterator[Mailbox]:
    """Take mail on this port of 127.0.0.1 while the block runs."""
    kept = Mailbox()
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield kept
    finally:
        server.stop()
