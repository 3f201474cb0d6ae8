"""The description of the API against the API: nothing undescribed, no example that the server does not give,
nothing taken away. `make contract` writes the examples and the contract anew."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator

from leaderboard.api import docs, schema
from tests.leaderboard.api import contract, private_world, world

pytestmark = pytest.mark.django_db

WRITE = bool(os.environ.get("WRITE_CONTRACT"))
"""Set by `make contract`."""

QUERIES = {
    "/api/v1/routers/openrouter.json": {"model": world.MODEL},
    "/api/v1/routers/vercel.json": {"model": world.MODEL, "min_grade": "A"},
}
"""What an example asks beside its path."""

NOT_DESCRIBED = {"/api/v1/openapi.json", "/api/v1/openapi.yaml", "/api/v1/"}
"""The description itself, and what answers where there is nothing."""


def described() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return made


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in described()["paths"].items()
        for method, operation in methods.items()
        if method in contract.METHODS
    ]


@pytest.fixture
def values(settings: Any) -> Iterator[dict[str, str]]:
    settings.LOG_ORIGIN, settings.SITE_URL = "assay.example/log", "https://assay.example"
    settings.SECRET_KEY = "the examples are signed with this key and no other: " + "x" * 50
    with world.fixed():
        yield world.build()


def answer(
    client: Client, path: str, values: dict[str, str], method: str = "get", sent: Any = None
) -> dict[str, Any]:
    address = world.address(path, values)
    assert "{" not in address, f"the world in world.py has no value for {address}"
    bearer = {"Authorization": f"Bearer {values['token']}"}
    if method == "get":
        public = not path.startswith(("/api/v1/submissions", "/api/v1/webhooks"))
        response = client.get(address, QUERIES.get(path), headers={} if public else bearer)
    else:
        json_sent = {} if sent is None else {"data": sent, "content_type": "application/json"}
        response = getattr(client, method)(address, headers=bearer, **json_sent)
    if response.status_code == 204:
        return {"status": 204}
    is_json = "json" in response["Content-Type"]
    body: Any = json.loads(response.content) if is_json else response.content.decode(errors="replace")
    if "yaml" in response["Content-Type"]:
        body = yaml.safe_load(body)
    asked = response.request["QUERY_STRING"]
    return {
        "request": f"{method.upper()} {address}?{asked}" if asked else f"{method.upper()} {address}",
        **({} if sent is None else {"sent": sent}),
        "status": response.status_code,
        "body": body,
    }


def test_every_example_is_what_the_server_answers(client: Client, values: dict[str, str]) -> None:
    for path, method, operation in operations():
        if method != "get" or _is_binary(operation):
            continue
        found = answer(client, path, values)
        assert found["status"] == 200, (path, found)
        compare(operation["operationId"], found)
    writes = {one["operationId"]: (path, method) for path, method, one in operations() if method != "get"}
    assert set(writes) == set(private_world.WRITES)
    sent = private_world.sent(values, world.MODEL)
    for name in private_world.WRITES:
        path, method = writes[name]
        found = answer(client, path, values, method, sent.get(name))
        assert found["status"] in (200, 201, 202, 204), (path, found)
        if found["status"] != 204:
            compare(name, found)


def compare(name: str, found: dict[str, Any]) -> None:
    file = schema.EXAMPLES / f"{name}.json"
    if WRITE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert file.exists(), f"{name} has no example: run `make contract`"
    assert json.loads(file.read_text("utf-8")) == found, f"{file.name}: run `make contract`"


def test_the_contract_keeps_what_version_1_has() -> None:
    now = described()
    if contract.CONTRACT.exists():
        broken = contract.breaking(contract.committed(), now)
        assert not broken, "Version 1 keeps what it has:\n" + "\n".join(broken)
    if WRITE:
        contract.CONTRACT.parent.mkdir(exist_ok=True)
        docs._documents.clear()
        contract.CONTRACT.write_text(docs.as_yaml(), "utf-8")
    assert contract.committed() == yaml.safe_load(yaml.safe_dump(now)), "run `make contract`"


def test_every_route_is_described() -> None:
    described_paths = {path for path, _, _ in operations()}
    routes = {one for one in _routes(get_resolver().url_patterns) if one.startswith("/api/v1/")}
    assert routes - NOT_DESCRIBED == described_paths


def test_whatever_the_description_refers_to_is_in_it() -> None:
    """Generators of clients leave out what refers to nothing."""
    whole = described()
    for reference in set(_references(whole)):
        found: Any = whole
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part, {})
        assert found, f"{reference} is nowhere"


def test_no_two_values_of_an_enumeration_have_one_name() -> None:
    """A+ and A would, in the names that most languages allow."""
    for name, component in described()["components"]["schemas"].items():
        for key, one in component.get("properties", {}).items():
            values = [value for value in one.get("enum", ()) if value is not None]
            names = one.get("x-enum-varnames", [re.sub(r"\W", "", str(value)) for value in values])
            assert len({word.upper() for word in names}) == len(values), (name, key)


def test_every_operation_says_what_it_is_and_shows_an_example() -> None:
    seen = set()
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("description"), where
        assert operation["operationId"] not in seen, where
        seen.add(operation["operationId"])
        for one in operation.get("parameters", ()):
            assert one["in"] == "path" or one.get("description"), (where, one["name"])
        good = [code for code in operation["responses"] if code.startswith("2")]
        assert good, where
        if _is_binary(operation):
            continue
        for code in good:
            contents = operation["responses"][code].get("content", {})
            assert code == "204" or contents, where
            assert all("examples" in content for content in contents.values()), f"{where}: no example"
    unused = {file.stem for file in schema.EXAMPLES.glob("*.json")} - seen
    assert not unused, f"examples of nothing: {unused}"


def test_no_example_has_a_field_that_is_not_described() -> None:
    found = described()
    for path, _, operation in operations():
        for code, response in operation["responses"].items():
            good = response if code.startswith("2") else {}
            content = good.get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                missing = list(_undescribed(example["value"], content["schema"], found))
                assert not missing, (path, missing)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["paths"].pop("/api/v1/models"), "GET /api/v1/models is gone"),
        (lambda d: d["components"]["schemas"]["Endpoint"]["properties"].pop("verdict"), "verdict is gone"),
        (
            lambda d: d["components"]["schemas"]["Fidelity"]["properties"]["value"].update(type="string"),
            "Fidelity.value: type was",
        ),
        (lambda d: d["components"]["schemas"]["Run"]["required"].remove("verdict"), "may be missing now"),
        (
            lambda d: d["paths"]["/api/v1/endpoints"]["get"]["parameters"].pop(0),
            "GET /api/v1/endpoints no longer takes",
        ),
        (
            lambda d: d["paths"]["/api/v1/models"]["get"]["parameters"].append(
                {"in": "query", "name": "key", "required": True, "schema": {}}
            ),
            "now asks for key",
        ),
        (lambda d: d["paths"]["/api/v1/models"]["get"]["responses"].pop("200"), "no longer answers 200"),
    ],
)
def test_what_would_break_a_client_is_found(change: Any, said: str) -> None:
    old = contract.committed()
    new = copy.deepcopy(old)
    assert contract.breaking(old, new) == []
    change(new)
    assert any(said in line for line in contract.breaking(old, new))


def test_what_is_added_breaks_nobody() -> None:
    old = contract.committed()
    new = copy.deepcopy(old)
    new["components"]["schemas"]["Endpoint"]["properties"]["new"] = {"type": "string"}
    new["paths"]["/api/v1/new"] = new["paths"]["/api/v1/models"]
    assert contract.breaking(old, new) == []


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "$ref" else _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _is_binary(operation: dict[str, Any]) -> bool:
    contents = [
        content
        for code, response in operation["responses"].items()
        if code.startswith("2")
        for content in response.get("content", {}).values()
    ]
    return any(content.get("schema", {}).get("format") == "binary" for content in contents)


def _routes(patterns: list[Any], before: str = "/") -> Iterator[str]:
    import re

    for one in patterns:
        text = before + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(one.pattern)).lstrip("^")
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, text)
        elif isinstance(one, URLPattern):
            yield text.rstrip("$")


def _undescribed(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "") -> Iterator[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ())):
        if part.get("type") != "null":
            yield from _undescribed(value, part, document, at)
            return
    if isinstance(value, list):
        for inner in value:
            yield from _undescribed(inner, schema.get("items", {}), document, f"{at}[]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            if name not in schema["properties"]:
                yield f"{at}.{name}"
            else:
                yield from _undescribed(inner, schema["properties"][name], document, f"{at}.{name}")
