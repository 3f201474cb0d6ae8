"""Rows for the tests of the server, made through its own services."""

from __future__ import annotations

from typing import Any

from verifier import services
from verifier.models import Baseline, BaselineState, Endpoint, Model, Reference, ReferenceRole
from verifier.suites import load

PUBLIC = "https://8.8.8.8/v1"


def model() -> Model:
    return services.register_model(org="toy", name="one", precision="bf16")


def endpoint(base_url: str = PUBLIC, *, variant: str = "", **values: Any) -> Endpoint:
    provider = services.register_provider(slug="toys", name="Toys")
    values = {"label": f"Toys {variant}".strip(), "upstream_model": "toy/one", **values}
    return services.register_endpoint(
        provider=provider, model=model(), variant=variant, base_url=base_url, **values
    )


def reference(
    base_url: str = "https://8.8.4.4/v1",
    *,
    role: ReferenceRole = ReferenceRole.REFERENCE,
    name: str = "official",
    quantization: str = "bf16",
    **values: Any,
) -> Reference:
    return services.register_reference(
        model=model(),
        role=role,
        name=name,
        label=name.title(),
        quantization=quantization,
        base_url=base_url,
        upstream_model="toy/one",
        **values,
    )


def ready_baseline() -> Baseline:
    """A baseline that is ready in name only: enough to queue runs, not to execute them."""
    suite = load("core")
    return Baseline.objects.create(
        model=model(),
        reference=reference(),
        suite_name=suite.name,
        suite_version=suite.version,
        suite_sha256=suite.sha256,
        state=BaselineState.READY,
        data=b"{}",
        digest="sha256:0",
    )
