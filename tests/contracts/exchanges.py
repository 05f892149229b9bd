"""How the contract tests talk: a client, cassettes of recorded shapes, and a server on loopback for the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import vcr

from pipeline.models import Payload
from pipeline.signals import Reading, read
from resources.errors import TransientError
from resources.fetching.cache import Cache
from resources.fetching.client import Client
from resources.fetching.transport import Transport
from resources.sources import Source
from resources.vault import Vault

CASSETTES = Path(__file__).parent / "cassettes"
NOW = datetime(2026, 11, 23, 5, 17, tzinfo=UTC)
SALT = b"salt of the tests"
CONTACT = "listener@example.org"


def client(source: Source, timeout: float = 5.0, folder: Path | None = None) -> Client:
    """HTTP on behalf of the source that never waits between tries; what was answered is kept in the folder."""
    return Client(
        source.name,
        source.spec.credentials,
        CONTACT,
        cache=Cache(folder / "answers.db", Vault(["a secret of the tests that is long enough"])) if folder else None,
        transport=Transport(timeout),
        now=lambda: NOW,
        sleep=lambda _: None,
    )


@contextmanager
def cassette(source: Source, case: str) -> Iterator[Any]:
    """Answers come from the cassette; a request that is not in it fails."""
    recorder = vcr.VCR(
        record_mode=vcr.mode.NONE, match_on=("method", "scheme", "host", "port", "path", "query", "raw_body")
    )
    with recorder.use_cassette(str(CASSETTES / source.name / f"{case}.yaml"), allow_playback_repeats=True) as played:
        yield played


def fetched(source: Source, case: str, hour: datetime = NOW) -> list[Payload]:
    """What the source lands when the cassette answers."""
    with cassette(source, case) as played:
        payloads = list(source.fetch(hour, NOW, client(source)))
        assert played.all_played, "the cassette holds more than was asked for"
    return payloads


def readings(payloads: list[Payload]) -> list[Reading]:
    """Each payload read."""
    return [read(payload, SALT) for payload in payloads]


class Asked(NamedTuple):
    """A request that the server saw."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Told(NamedTuple):
    """What the server answers."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}


@dataclass
class Loopback:
    """A server that answers as it is told, and remembers what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def loopback(answer: Callable[[Asked], Told]) -> Iterator[Loopback]:
    """A server on a free port of the loopback interface."""
    seen: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            seen.append(asked)
            told = answer(asked)
            self.send_response(told.status)
            for name, value in ({"content-type": "application/json"} | dict(told.headers)).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Loopback(f"http://127.0.0.1:{server.server_address[1]}", seen)
    finally:
        server.shutdown()
        server.server_close()


def conditional(body: bytes) -> Callable[[Asked], Told]:
    """Answers 304 to who already has the body, as its ETag says."""

    def answer(asked: Asked) -> Told:
        if asked.headers.get("if-none-match") == '"v1"':
            return Told(304, b"", {"etag": '"v1"'})
        return Told(200, body, {"etag": '"v1"', "cache-control": "no-cache"})

    return answer


NO_ANSWERS: list[tuple[str, type[Exception], str]] = [
    ("rate_limited", TransientError, "429"),
    ("server_error", TransientError, "500"),
    ("html", TransientError, "HTML"),
    ("truncated", TransientError, "JSON"),
]
"""Cassette, error, what it says: what every source makes of answers that are none."""


def check_no_answer(source: Source, case: str, kind: type[Exception], said: str, *secrets: str) -> None:
    """Assert that the cassette ends in this error, which names no secret, and says how long to wait if it was told."""
    with pytest.raises(kind, match=said) as error:
        fetched(source, case)
    assert not [secret for secret in secrets if secret in str(error.value)]
    if case == "rate_limited":
        assert isinstance(error.value, TransientError)
        assert error.value.retry_after == 37


def check_silence(at: Callable[[str], Source]) -> None:
    """Assert that a server that does not answer in time is a transient error.

    Args:
        at: Server's URL → the source that asks it.
    """

    def slow(asked: Asked) -> Told:
        time.sleep(0.6)
        return Told()

    with loopback(slow) as server:
        source = at(server.url)
        with pytest.raises(TransientError):
            list(source.fetch(NOW, NOW, client(source, timeout=0.2)))
