"""Fixtures of the tests of artists: a server, a record, a budget, and retries that wait for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from resources.artists.budget import Budget
from resources.store import Store
from tests.conftest import TEMPLATE, cloned
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


@pytest.fixture(scope="module")
def bank(postgres_url: str) -> Iterator[Store]:
    """The record of a module's tests."""
    with cloned(postgres_url, TEMPLATE) as url, Store(url) as opened:
        yield opened


@pytest.fixture
def store(bank: Store) -> Store:
    """The record, in which nothing is spent."""
    with bank.connection() as connection:
        connection.execute("TRUNCATE picture_spending")
    return bank


@pytest.fixture
def budget(store: Store) -> Budget:
    """A dollar a day."""
    return Budget(store, 1.0)
