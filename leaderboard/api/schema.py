"""The OpenAPI document: what every operation shares, and the examples, which are the server's own answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS

from leaderboard.api.filters import GRADES
from leaderboard.api.permissions import ReadsAreOpen
from leaderboard.api.schemas import Problem

EXAMPLES = Path(__file__).parent / "examples"
"""One file an operation: `{"request": "GET /api/v1/...", "status", "body"}`, written by `make contract`."""

_READ = {
    "ETag": ("A strong validator of these bytes: send it as If-None-Match.", "string"),
    "Cache-Control": ("How long the answer may be kept.", "string"),
    "RateLimit": ("What is left of the quota.", "string"),
    "RateLimit-Policy": ("The quota.", "string"),
}
EMPTY = {"array": "minItems", "string": "minLength"}
"""How a schema says that a parameter is not empty: such are refused."""
_PROBLEMS = {
    "400": "Refused: what is wrong is told for each field.",
    "401": "A token is needed, and this is none.",
    "403": "Not open to you.",
    "404": "Nothing is published at this address.",
    "409": "Not as things stand now: what stands in the way is told.",
    "413": "The request is too long.",
    "415": "The request is not JSON.",
    "422": "This Idempotency-Key was sent with another request.",
    "429": "The quota is used up; see Retry-After.",
}


class Documented(AutoSchema):
    """REST framework's views as they are; every operation names itself."""

    def get_tags(self) -> list[str]:
        """The first part of the path."""
        return [self.path.removeprefix("/api/v1/").split("/")[0].split(".")[0]]

    def get_description(self) -> str:  # type: ignore[override]
        """With the scope that a token needs."""
        scope = getattr(self.view, "scopes", {}).get(self.method)
        said = str(super().get_description() or "")
        return f"{said} Takes a token with the scope `{scope}`." if scope else said

    def get_auth(self) -> list[dict[str, Any]]:
        """What is open to anybody needs no token, and takes one."""
        known: list[dict[str, Any]] = super().get_auth()
        is_open = self.method in SAFE_METHODS and ReadsAreOpen in self.view.permission_classes
        is_open = is_open or getattr(self.view, "scopes", {}).get(self.method) == ""
        return [*known, {}] if is_open else known

    def is_deprecated(self) -> bool:
        """Whether the route says that it will go away."""
        return getattr(self.view, "deprecation", None) is not None

    def get_filter_backends(self) -> list[Any]:
        """Also of what is filtered without being a list."""
        return list(getattr(self.view, "filter_backends", ()))


class DescribedToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent."""

    target_class = "leaderboard.api.authentication.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of an organisation, made on its page under `/account/`. Reading what is "
            "published needs none.",
        }


def only_v1(endpoints: list[Any], **kwargs: Any) -> list[Any]:
    """What the document is about."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Errors, validators and examples of every operation."""
    components = result.setdefault("components", {})
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    components.setdefault("responses", {}).update(
        {f"Problem{code}": {"description": said, "content": problem} for code, said in _PROBLEMS.items()}
    )
    components.setdefault("schemas", {})["Problem"] = _problem(generator)
    components["headers"] = {
        name: {"description": said, "schema": {"type": kind}} for name, (said, kind) in _READ.items()
    }
    for name, schema in components.get("schemas", {}).items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
        _name_grades(schema)
    for path in result["paths"].values():
        for method, operation in path.items():
            if method in ("get", "post", "put", "patch", "delete"):
                _complete(method, operation)
    return result


def _problem(generator: Any) -> dict[str, Any]:
    """The schema of errors: no view has it among its answers, every operation refers to it."""
    described = Documented()
    described.registry, described.view, described.method = (
        generator.registry,
        GenericAPIView(request=None),
        "GET",
    )
    found: dict[str, Any] = described.resolve_serializer(Problem(), "response").schema
    return found


def _name_grades(schema: dict[str, Any]) -> None:
    """Names for what makes clients: A+ and A are one word to most of them."""
    for one in schema.get("properties", {}).values():
        if one.get("enum", [None])[0] == GRADES[0]:
            one["x-enum-varnames"] = [grade.replace("+", "_PLUS") for grade in GRADES]


def example(operation_id: str) -> dict[str, Any] | None:
    """The example of an operation as the server answered it."""
    file = EXAMPLES / f"{operation_id}.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def _may_answer(code: str, method: str, operation: dict[str, Any]) -> bool:
    if code == "403":
        # A read that is open needs no token, but a wrong one is refused whatever is asked.
        return {} not in operation.get("security", [{}])
    if code == "409":
        return method != "get"
    if code in ("413", "415"):
        return "requestBody" in operation
    if code == "422":
        return any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    return True


def _complete(method: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        least = EMPTY.get(parameter["schema"].get("type"))
        if parameter["in"] == "query" and least:
            parameter["schema"].setdefault(least, 1)
    responses = operation["responses"]
    for code in _PROBLEMS:
        if _may_answer(code, method, operation):
            responses.setdefault(code, {"$ref": f"#/components/responses/Problem{code}"})
    found = example(operation["operationId"])
    for code, response in responses.items():
        if code != "200" or "$ref" in response:
            continue
        if method == "get":
            headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _READ}
            response["headers"] = {**headers, **response.get("headers", {})}
    if method == "get":
        responses["304"] = {"description": "These are the bytes you have."}
    if found is not None:
        code = str(found["status"])
        for content in responses.get(code, {}).get("content", {}).values():
            content["examples"] = {"example": {"summary": found["request"], "value": found["body"]}}
        if "sent" in found:
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["examples"] = {"example": {"value": found["sent"]}}
    operation["responses"] = dict(sorted(responses.items()))
