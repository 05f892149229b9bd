"""Contract tests wait for nobody: a retry comes at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries without their delays."""
    with stamina.set_testing(True, attempts=3):
        yield
