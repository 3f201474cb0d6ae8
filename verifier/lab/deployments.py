"""The deployments of the lab: what is served, in what role, and exactly what was done to it."""

from __future__ import annotations

from verifier.lab.deployment import CAUSES, Access, Deployment, Proxy, Role, ServerOptions
from verifier.lab.table import broken, demo, further, proxied, variants

__all__ = ["CAUSES", "DEPLOYMENTS", "Access", "Deployment", "Proxy", "Role", "ServerOptions"]

_ALL = (
    *demo.DEPLOYMENTS,
    *variants.DEPLOYMENTS,
    *further.DEPLOYMENTS,
    *proxied.DEPLOYMENTS,
    *broken.DEPLOYMENTS,
)

DEPLOYMENTS: dict[str, Deployment] = {deployment.name: deployment for deployment in _ALL}
