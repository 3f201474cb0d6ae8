"""Server-sent events: bytes in, event data out, bounded.

Lines end at CR, LF or CRLF and nowhere else (WHATWG HTML, section 9.2.6). Splitting decoded text, as
`iter_lines` does, also ends lines at U+2028, U+0085 or VT inside the JSON of an event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from verifier.checks.base import Fault
from verifier.client.faults import Failure

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class EventSplitter:
    """Splits a stream into the data of its events, however the bytes are cut into chunks."""

    def __init__(self, max_event_bytes: int) -> None:
        self._max = max_event_bytes
        self._line = bytearray()
        self._data: bytearray | None = None
        self._after_cr = False
        self._first_line = True

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of each event that this chunk completes.

        Raises:
            Failure: TOO_LARGE, for a line or an event beyond the bound.
        """
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if not chunk:
            return
        *ended, rest = _LINE_END.split(chunk)
        for piece in ended:
            self._grow_line(piece)
            line = bytes(self._line)
            self._line.clear()
            yield from self._take(line)
        self._grow_line(rest)
        self._after_cr = chunk.endswith(b"\r")

    def finish(self) -> Iterator[bytes]:
        """The data of an event that the end of the stream left without its blank line.

        The standard discards it; servers that forget the last line end mean it.
        """
        line = bytes(self._line)
        self._line.clear()
        yield from self._take(line)
        if line:
            yield from self._take(b"")

    def _grow_line(self, piece: bytes) -> None:
        self._line += piece
        if len(self._line) > self._max:
            raise self._too_large("line")

    def _take(self, line: bytes) -> Iterator[bytes]:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data is not None:
                yield bytes(self._data)
                self._data = None
            return
        field, _, value = line.partition(b":")
        if field != b"data":
            return
        value = value.removeprefix(b" ")
        if self._data is None:
            self._data = bytearray(value)
        else:
            self._data += b"\n" + value
        if len(self._data) > self._max:
            raise self._too_large("event")

    def _too_large(self, what: str) -> Failure:
        return Failure(Fault.TOO_LARGE, f"One {what} of the stream is larger than {self._max // 1024} kB.")
