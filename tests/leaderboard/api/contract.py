"""What version 1 of the API may not do: take anything away. Compares two OpenAPI documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CONTRACT = Path(__file__).parents[2] / "contract" / "openapi.yaml"
METHODS = ("get", "post", "put", "patch", "delete")


def committed() -> dict[str, Any]:
    """The contract."""
    return dict(yaml.safe_load(CONTRACT.read_text("utf-8")))


def breaking(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What a client of `old` would miss or misread in `new`: one line each."""
    found: list[str] = []
    for path, operations in old["paths"].items():
        for method in METHODS:
            if method not in operations:
                continue
            now = new["paths"].get(path, {}).get(method)
            where = f"{method.upper()} {path}"
            if now is None:
                found.append(f"{where} is gone")
                continue
            found += _operation(where, operations[method], now)
    names = old.get("components", {}).get("schemas", {})
    for name, schema in names.items():
        other = new.get("components", {}).get("schemas", {}).get(name)
        found += [f"schema {name} is gone"] if other is None else list(_schema(name, schema, other))
    return found


def _operation(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    if old["operationId"] != new["operationId"]:
        yield f"{where} has another operationId"
    parameters = {(one["in"], one["name"]): one for one in new.get("parameters", ())}
    for one in old.get("parameters", ()):
        now = parameters.pop((one["in"], one["name"]), None)
        if now is None:
            yield f"{where} no longer takes {one['name']}"
        else:
            yield from _schema(f"{where} {one['name']}", one["schema"], now["schema"])
    for one in parameters.values():
        if one.get("required"):
            yield f"{where} now asks for {one['name']}"
    for code, response in old["responses"].items():
        now = new["responses"].get(code)
        if now is None:
            yield f"{where} no longer answers {code}"
            continue
        for media, content in response.get("content", {}).items():
            other = now.get("content", {}).get(media)
            if other is None:
                yield f"{where} {code} is no longer {media}"
            else:
                yield from _schema(f"{where} {code}", content.get("schema", {}), other.get("schema", {}))
    for media, content in old.get("requestBody", {}).get("content", {}).items():
        other = new.get("requestBody", {}).get("content", {}).get(media)
        if other is None:
            yield f"{where} no longer accepts {media}"
        else:
            yield from _schema(f"{where} body", content.get("schema", {}), other.get("schema", {}))


def _schema(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in ("type", "format", "$ref"):
        if old.get(key) != new.get(key):
            yield f"{where}: {key} was {old.get(key)!r} and is {new.get(key)!r}"
    if gone := [value for value in old.get("enum", ()) if value not in new.get("enum", old["enum"])]:
        yield f"{where}: no longer one of {gone}"
    for name, inner in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{where}.{name} is gone"
            continue
        yield from _schema(f"{where}.{name}", inner, new["properties"][name])
    for name in old.get("required", ()):
        if name not in new.get("required", ()):
            yield f"{where}.{name} may be missing now"
    if "items" in old:
        yield from _schema(f"{where}[]", old["items"], new.get("items", {}))
    for key in ("allOf", "oneOf", "anyOf"):
        if old.get(key) != new.get(key):
            yield f"{where}: {key} changed"
