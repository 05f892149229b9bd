"""Fixtures of the tests of artists: a server, a budget, and retries that wait for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from resources.artists.budget import Budget
from resources.store import Store
from tests.sites import Site


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Retries without their delays."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def site() -> Iterator[Site]:
    """A server."""
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture
def budget(store: Store) -> Budget:
    """A dollar a day."""
    return Budget(store, 1.0)
