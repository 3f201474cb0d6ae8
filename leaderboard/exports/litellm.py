"""LiteLLM's `model_list`: a deployment an endpoint, its key read from the environment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import yaml

from leaderboard.exports.routing import preferred, told
from leaderboard.exports.table import Document

MEDIA_TYPE = "application/yaml"
_HEAD = "# Made by Assay from what is published. Keys are read from the environment; none is in here.\n"


def export(chosen: Sequence[Document], now: datetime) -> bytes:
    """The file as LiteLLM's proxy reads it. Endpoints of one model share its name, so it balances them."""
    found = preferred(chosen)
    listed = [_deployment(one, state) for one, state in zip(found, told(found, now), strict=True)]
    text = yaml.safe_dump({"model_list": listed}, sort_keys=False, allow_unicode=True, width=110)
    return (_HEAD + str(text)).encode("utf-8")


def key_name(slug: str) -> str:
    """The environment variable for a provider's key: `TOGETHER_API_KEY`."""
    name = re.sub(r"[^A-Z0-9]+", "_", slug.upper()).strip("_")
    return f"{name if name[:1].isalpha() else 'PROVIDER_' + name}_API_KEY"


def _deployment(document: Document, state: dict[str, Any]) -> dict[str, Any]:
    price = document["price"]
    parameters: dict[str, Any] = {
        "model": f"openai/{document['upstream_model']}",
        "api_base": document["base_url"],
        "api_key": f"os.environ/{key_name(document['provider']['slug'])}",
    }
    if price["input"] is not None and price["output"] is not None:
        parameters["input_cost_per_token"] = price["input"] / 1e6
        parameters["output_cost_per_token"] = price["output"] / 1e6
    return {
        "model_name": document["model"],
        "litellm_params": parameters,
        "model_info": {"id": document["id"], "assay": state},
    }
