"""What a request may bring: JSON, and not much of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser

MOST = 1_000_000


class TooLarge(APIException):
    """413."""

    status_code = 413
    default_detail = f"A request has at most {MOST} bytes."
    default_code = "too_large"


class BoundedJson(JSONParser):
    """JSON of at most `MOST` bytes."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        data = stream.read(MOST + 1)
        if len(data) > MOST:
            raise TooLarge
        return super().parse(io.BytesIO(data), media_type, parser_context)
