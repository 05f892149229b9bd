"""Fixtures of the tests of fetching: servers, and clients whose clocks do not tick."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from resources.fetching.cache import Cache
from resources.fetching.client import Client
from resources.fetching.gate import Gate
from resources.fetching.transport import Transport
from resources.vault import Vault
from tests.sites import Clock, Site


class Least(random.Random):
    """Chance that always gives the least: no jitter, so that tests need not wait."""

    def uniform(self, a: float, b: float) -> float:
        """The lower end."""
        return a


MakeClient = Callable[..., Client]


@pytest.fixture
def site() -> Iterator[Site]:
    """A server."""
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture
def other_site() -> Iterator[Site]:
    """Another server: another host, as far as credentials go."""
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    """Half past twelve."""
    return Clock()


@pytest.fixture
def secrets_vault() -> Vault:
    """A vault."""
    return Vault(["a secret of the tests of fetching"])


@pytest.fixture
def make_client(clock: Clock) -> Iterator[MakeClient]:
    """Makes clients that are patient for a second; they are closed in the end."""
    made: list[Client] = []

    def make(source: str = "test_posts", *, gate: Gate | None = None, cache: Cache | None = None) -> Client:
        made.append(
            Client(
                source,
                ("TEST_API_KEY",),
                "mail@example.org",
                gate=gate,
                cache=cache,
                transport=Transport(limit=1.0),
                now=clock.now,
                sleep=clock.sleep,
                chance=Least(),
            )
        )
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def cache_file(tmp_path: Path) -> Path:
    """Where a cache may lie."""
    return tmp_path / "http-cache" / "answers.db"


@pytest.fixture
def nobody() -> str:
    """The URL of a port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"
