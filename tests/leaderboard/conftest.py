"""What the site's tests share."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def whole_quotas(settings: Settings) -> None:
    """Quotas that nobody has asked from yet: to a real Redis all tests are one client."""
    mine = uuid4().hex
    settings.API_QUOTAS = {
        scope: (f"{name}-{mine}", limit, seconds)
        for scope, (name, limit, seconds) in settings.API_QUOTAS.items()
    }
