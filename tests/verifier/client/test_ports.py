from __future__ import annotations

import pytest

from verifier.client.ports import SERVICE_PORTS, why_port_refused


@pytest.mark.parametrize(
    "port", [80, 443, 1234, 3000, 4000, 5000, 7860, 8000, 8080, 8443, 11434, 30000, 65535]
)
def test_ports_models_are_served_at_pass(port: int) -> None:
    assert why_port_refused(port) is None


@pytest.mark.parametrize("port", [1, 22, 25, 53, 81, 442, 444, 993, 1023, *SERVICE_PORTS])
def test_ports_of_other_services_are_refused(port: int) -> None:
    assert str(port) in (why_port_refused(port) or "")
