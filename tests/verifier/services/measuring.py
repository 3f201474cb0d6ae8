"""A measured world: toy deployments, registered, with a baseline recorded from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_django import Settings

from tests.verifier import world
from tests.verifier.conftest import Toys
from tests.verifier.toy_server import Toy
from verifier import services
from verifier.models import Baseline, Endpoint, ReferenceRole

PROMPTS = 24
_recorded: dict[str, bytes] = {}


@dataclass
class Measured:
    """A ready baseline; `offer(noise)` registers another toy as an endpoint."""

    baseline: Baseline
    offer: Callable[..., tuple[Endpoint, Toy]]


def register_references(toys: Toys) -> list[Toy]:
    """The official toy, an honest one that strays a little, and a rung."""
    served = [toys(), toys(noise=0.05), toys(noise=2.0)]
    roles = (ReferenceRole.REFERENCE, ReferenceRole.HONEST, ReferenceRole.RUNG)
    names = ("official", "another-stack", "coarse")
    for server, role, name in zip(served, roles, names, strict=True):
        world.reference(
            server.base_url, role=role, name=name, quantization="int4" if name == "coarse" else "bf16"
        )
    return served


def measure(toys: Toys, settings: Settings) -> Measured:
    """The measured world, its baseline recorded the first time."""
    settings.HEARTBEAT_SECONDS = 1.0
    register_references(toys)
    queued = services.queue_baseline(world.model(), prompts=PROMPTS)
    if not _recorded:
        services.record_baseline(queued.pk)
        queued.refresh_from_db()
        assert queued.state == "ready", queued.error
        _recorded.update(data=bytes(queued.data or b""), digest=queued.digest.encode())
    # The toys answer the same every time, so one recording serves all tests.
    data, digest = _recorded["data"], _recorded["digest"].decode()
    Baseline.objects.filter(pk=queued.pk).update(state="ready", data=data, digest=digest)
    baseline = Baseline.objects.get(pk=queued.pk)

    def offer(noise: float = 0.0, key: str | None = None) -> tuple[Endpoint, Toy]:
        server = toys(noise, key)
        return world.endpoint(
            server.base_url, variant=f"p{server.port}", declared_quantization="bf16"
        ), server

    return Measured(baseline, offer)
