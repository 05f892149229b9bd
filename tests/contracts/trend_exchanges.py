"""Exchanges with the sources that are asked over HTTP, as cassettes and on loopback.

The cassettes follow the published shapes of each API; all that they tell is invented.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import vcr
import yaml
from pydantic import SecretStr

from pipeline.models import Payload, Signal
from pipeline.signals import Reading, read
from resources.fetching import Web
from resources.fetching.cache import Cache
from resources.fetching.client import Client
from resources.sources.base import Source
from resources.sources.bluesky_trends import BlueskyTrends
from resources.sources.google_trends import GoogleTrends
from resources.sources.hackernews_stories import HackernewsStories
from resources.sources.instagram_hashtags import InstagramHashtags
from resources.sources.mastodon_trends import MastodonTrends
from resources.vault import Vault

NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
SALT = b"salt of the tests"
CASSETTES = Path(__file__).parent / "cassettes"
TOKEN = "EAAB-a-token-of-nobody"
USER_ID = "17841400000000001"
CONTACT = "tests@engine.example"

ASKED: Mapping[str, Callable[[], Source]] = {
    "bluesky_trends": BlueskyTrends,
    "google_trends": lambda: GoogleTrends(["US", "GB"]),
    "hackernews_stories": HackernewsStories,
    "instagram_hashtags": lambda: InstagramHashtags(SecretStr(TOKEN), USER_ID, ["sourdough_bread"]),
    "mastodon_trends": lambda: MastodonTrends(["mastodon.social"]),
}
"""The sources as the cassettes know them."""


def at(source: str, base_url: str) -> Source:
    """The source, asking a server of ours."""
    made: Mapping[str, Callable[[], Source]] = {
        "bluesky_trends": lambda: BlueskyTrends(base_url=base_url),
        "google_trends": lambda: GoogleTrends(["US"], base_url=base_url),
        "hackernews_stories": lambda: HackernewsStories(base_url=base_url),
        "instagram_hashtags": lambda: InstagramHashtags(SecretStr(TOKEN), USER_ID, ["tea"], base_url=base_url),
        "mastodon_trends": lambda: MastodonTrends(["mastodon.social"], base_url=base_url),
    }
    return made[source]()


def web(source: Source, folder: Path | None = None) -> Web:
    """HTTP for a source that never waits between tries; what was answered is kept in the folder."""
    kept = Cache(folder / "answers.db", Vault(["a secret of the tests that is long enough"])) if folder else None
    return Client(source.name, source.spec.credentials, CONTACT, cache=kept, now=lambda: NOW, sleep=lambda _: None)


def impatient(patch: pytest.MonkeyPatch) -> None:
    """A `web` that is made from now on waits a fraction of a second for an answer."""
    patch.setattr("resources.fetching.client.TIMEOUT", 0.3)


def fetched(source: Source, client: Web | None = None) -> list[Payload]:
    """What the source answers now."""
    return list(source.fetch(NOW, NOW, client or web(source)))


def readings(payloads: list[Payload]) -> list[Reading]:
    """What is read of each."""
    return [read(payload, SALT) for payload in payloads]


def signals(payloads: list[Payload]) -> list[Signal]:
    """All signals, in order."""
    return [signal for reading in readings(payloads) for signal in reading.signals]


def reasons(payloads: list[Payload]) -> list[str]:
    """Why items were refused, in order."""
    return [rejected.reason for reading in readings(payloads) for rejected in reading.rejected]


# --- cassettes


def recorded(source: str, name: str) -> list[dict[str, Any]]:
    """The interactions of a cassette."""
    document = yaml.safe_load((CASSETTES / source / f"{name}.yaml").read_text())
    return list(document["interactions"])


@contextmanager
def played(interactions: list[dict[str, Any]], folder: Path, *, repeats: bool = False) -> Iterator[Any]:
    """Answer from these interactions, each once and in order; a request that none of them expects fails."""
    file = folder / "played.yaml"
    file.write_text(yaml.safe_dump({"interactions": interactions, "version": 1}))
    player = vcr.VCR(record_mode="none", match_on=["method", "scheme", "host", "port", "path", "query"])
    with player.use_cassette(str(file), allow_playback_repeats=repeats) as cassette:
        yield cassette


def answered(
    interaction: dict[str, Any], status: int, body: str, media_type: str = "application/json", **headers: str
) -> dict[str, Any]:
    """The same request with another answer."""
    changed = deepcopy(interaction)
    named = {name.replace("_", "-"): [value] for name, value in headers.items()}
    changed["response"] = {
        "status": {"code": status, "message": "Said"},
        "headers": {"Content-Type": [media_type], **named},
        "body": {"string": body},
    }
    return changed


# --- loopback


class Asked(NamedTuple):
    """A request that a server of ours was sent."""

    path: str
    headers: Mapping[str, str]


class Reply(NamedTuple):
    """What it answers; None: nothing at all."""

    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = {}


class Served(NamedTuple):
    """A server of ours."""

    base_url: str
    asked: list[Asked]


@contextmanager
def served(answer: Callable[[str], Reply | None]) -> Iterator[Served]:
    """A server on loopback that answers each path so."""
    asked: list[Asked] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}))
            reply = answer(self.path)
            if reply is None:
                over.wait(20)
                return
            self.send_response(reply.status)
            sent = {"Content-Type": reply.media_type, "Content-Length": str(len(reply.body)), **reply.headers}
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
