"""A small world that is the same every time, whose answers are the examples of the API's description.

Its ids and dates are fixed. Nothing in it is a real provider.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import UUID
from zlib import crc32

from django.apps import apps
from django.db import models

from leaderboard import services
from leaderboard.integrity.keys import Signer
from tests.leaderboard import factories
from tests.leaderboard.api import private_world
from verifier.client.egress import check_url
from verifier.models.base import Identified

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MODEL = "example-org/example-7b"


class Names:
    """Every name is that of a public address, and none is looked up."""

    async def resolve(self, host: str, port: int) -> list[str]:
        return ["8.8.8.8"]


@contextmanager
def names() -> Iterator[None]:
    """While this lasts, no name is looked up."""
    checked = partial(check_url, resolver=Names())
    with (
        patch("verifier.services.registry.check_url", checked),
        patch("leaderboard.services.subscriptions.check_url", checked),
    ):
        yield


@contextmanager
def fixed() -> Iterator[None]:
    """While this lasts, it is always the same time, and ids count up."""
    identified = [model for model in apps.get_models() if issubclass(model, Identified)]
    fields = {model._meta.pk: model._meta.pk.default for model in identified}

    key = Signer.from_secret(b64encode(b"the examples are signed with it!").decode())
    with (
        patch("django.utils.timezone.now", lambda: NOW),
        patch.object(Signer, "generate", lambda: key),
        patch("leaderboard.services.proofs.secrets", SimpleNamespace(token_urlsafe=_secrets())),
        patch("leaderboard.webhooks.secrets", SimpleNamespace(token_bytes=lambda size: b"e" * size)),
        names(),
    ):
        for model in identified:
            _defaults(model._meta.pk, _counting(model))
        try:
            yield
        finally:
            for field, default in fields.items():
                _defaults(field, default)


def _counting(model: type[models.Model]) -> Callable[[], UUID]:
    """The ids of one table, whatever else is written: 1, 2, 3 ..."""
    numbers, table = count(1), crc32(model._meta.label.encode()) & 0xFFF
    return lambda: UUID(f"019a9f3c-7c00-7{table:03x}-8000-{next(numbers):012x}")


def _secrets() -> Callable[[int], str]:
    numbers = count(1)
    return lambda _: f"an-example-of-a-secret-{next(numbers):020}"


def _defaults(field: models.Field[Any, Any], default: Any) -> None:
    field.default = default
    field.__dict__.pop("_get_default", None)


def build() -> dict[str, str]:
    """Make and publish it; the values that stand for the path parameters of the routes."""
    lab = factories.provider("example-lab", "Example laboratory", url="https://lab.example/")
    cloud = factories.provider("example-cloud", "Example cloud", is_lab=False, url="https://cloud.example/")
    model = factories.model("example-org", "example-7b", licence="apache-2.0")
    honest = factories.endpoint(
        "Example cloud", of=model, by=cloud, variant="", changed=_ago(240),
        base_url="https://api.cloud.example/v1",
        upstream_model="example-7b", price_in="0.20", price_out="0.60", region="eu",
    )  # fmt: skip
    turbo = factories.endpoint(
        "Example cloud turbo", of=model, by=cloud, variant="turbo", changed=_ago(240),
        base_url="https://api.cloud.example/v1",
        upstream_model="example-7b-turbo", price_in="0.10", price_out="0.30",
    )  # fmt: skip
    host = factories.provider("example-host", "Example host", is_lab=False)
    second = factories.endpoint(
        "Example host", of=model, changed=_ago(240), by=host, variant="", base_url="https://host.example/v1",
        upstream_model="e-7b", declared_quantization="fp16", price_in="0.25", price_out="0.75",
    )  # fmt: skip
    control = factories.endpoint(
        "Example laboratory, INT4", of=model, changed=_ago(240), by=lab, variant="int4", is_control=True,
        what="The official weights in 4 bits, as a control", base_url="https://int4.lab.example/v1",
    )  # fmt: skip
    services.publish(model.pk)
    speed = {"first_token_ms": {"p50": 212.0, "p95": 403.0, "n": 420}}
    run = factories.run(honest, factories.faithful(model=MODEL, speed=speed, grade="A"), ended=_ago(30))
    factories.finding(
        run, outcome="pass", cause="Within the honest band.", estimate=99.54, low=99.38, high=99.71
    )
    factories.run(second, factories.faithful(model=MODEL, declared="fp16", grade="A"), ended=_ago(25))
    certificate = services.request_certificate(honest)
    deviating = factories.run(turbo, factories.result(model=MODEL, grade="B"), ended=_ago(20))
    factories.finding(deviating, [factories.divergent()])
    factories.run(
        control,
        factories.result(
            "deviating", (78.3, 76.2, 80.3), model=MODEL, measured="int4", nearest="int4-g64", grade="D"
        ),
        ended=_ago(10),
    )
    services.publish(model.pk)
    own = private_world.build(model, turbo, deviating)
    services.checkpoint()
    services.keep_dump()
    return {
        **own,
        "certificate_id": str(certificate.pk),
        "index": "3",
        "first": "3",
        "org": "example-org",
        "name": "example-7b",
        "slug": cloud.slug,
        "endpoint_id": str(honest.pk),
        "run_id": str(deviating.pk),
        "listed": str(second.pk),
    }


def address(path: str, values: dict[str, str]) -> str:
    """A path of the description with the values of this world in its places."""
    if path.startswith("/api/v1/submissions"):
        path = path.replace("{run_id}", "{private_run_id}")
    for name, value in values.items():
        path = path.replace("{" + name + "}", value)
    return path


def _ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)
