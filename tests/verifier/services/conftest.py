"""The measured world as a fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_django import Settings

if TYPE_CHECKING:
    from tests.verifier.conftest import Toys
    from tests.verifier.services.measuring import Measured


@pytest.fixture
def measured(db: None, toys: Toys, settings: Settings) -> Measured:
    # Imported here: pytest reads this file before Django is set up.
    from tests.verifier.services.measuring import measure

    return measure(toys, settings)
