"""Which endpoint to ask, as which model, with which key."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """An OpenAI-compatible endpoint.

    `base_url` is used as given (with or without `/v1`), as the OpenAI SDKs do: the path of the API is
    appended to it. `api_key` never shows in `repr`.
    """

    base_url: str
    model: str
    api_key: str | None = field(default=None, repr=False)
