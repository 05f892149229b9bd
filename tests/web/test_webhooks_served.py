"""The ingress behind a real HTTP server: the examples of its documentation work, and rude clients harm nobody."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from resources.objects import Objects
from resources.settings import ROOT, Settings
from resources.store import Store
from resources.webhooks import webhook_sources
from tests import senders
from web.app import create_app
from web.intake import Intake

PAGE = (ROOT / "docs" / "webhooks.md").read_text()


def example(language: str, containing: str) -> str:
    """The block of the documentation in this language with these words."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return next(block for block in blocks if containing in block)


@pytest.fixture
def site(store: Store, objects: Objects) -> Iterator[str]:
    """The app on a port of this machine; its address."""
    configured = webhook_sources(Settings(_env_file=None, webhooks=SecretStr(json.dumps(senders.SOURCES))))
    app = create_app(store, objects, Intake(store, configured))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


def connected(site: str) -> socket.socket:
    parts = urlsplit(site)
    assert parts.hostname
    assert parts.port
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def waiting(store: Store) -> int:
    with store.transaction() as tx:
        return tx.inbox.counts().get("received", 0)


def test_the_example_for_curl_is_accepted(site: str, store: Store) -> None:
    if missing := [tool for tool in ("sh", "curl", "openssl", "od") if shutil.which(tool) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    script = example("sh", "curl").replace("http://127.0.0.1:8000", site)
    said = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, check=True, timeout=30).stdout
    assert "202 Accepted" in said
    assert '"status":"accepted"' in said
    assert waiting(store) == 1


def test_the_example_in_python_is_accepted(site: str, store: Store) -> None:
    script = example("python", "standardwebhooks").replace("http://127.0.0.1:8000", site)
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    assert said.startswith("202 {'status': 'accepted'")
    assert waiting(store) == 1


def test_the_example_of_a_body_is_a_message(site: str) -> None:
    data = example("json", "trend.spike").encode()
    assert httpx.post(f"{site}/webhooks/acme", content=data, headers=senders.standard(data)).status_code == 202


def test_the_examples_of_the_variable_are_what_they_seem() -> None:
    (said,) = re.findall(r"ENGINE_WEBHOOKS='(.*)'", PAGE)
    named = said.replace("whsec_…", senders.NEW)
    assert set(webhook_sources(Settings(_env_file=None, webhooks=SecretStr(named)))) == {"acme"}


def test_a_body_far_too_large_is_told_so_and_not_cut_off(site: str) -> None:
    for content in (b"x" * 8_000_000, (b"x" * 65536 for _ in range(64))):
        answer = httpx.post(f"{site}/webhooks/acme", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 413


def test_who_hangs_up_or_dawdles_keeps_nobody_else_waiting(site: str, store: Store) -> None:
    data = senders.body()
    head = (
        f"POST /webhooks/acme HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n"
    )
    rude = [connected(site) for _ in range(20)]
    for number, connection in enumerate(rude):
        connection.sendall(f"{head}\r\n".encode() + data[:20])
        if number % 2:
            connection.close()
    answer = httpx.post(f"{site}/webhooks/acme", content=data, headers=senders.standard(data))
    assert answer.status_code == 202
    for connection in rude[::2]:
        connection.close()
    assert waiting(store) == 1


@pytest.mark.parametrize(
    "lines",
    [
        "content-length: -1",
        "content-length: 99999999999999999999999",
        "transfer-encoding: chunked\r\ncontent-length: 5",
        "transfer-encoding: gzip",
        "webhook-id: \x00",
        "content-encoding: gzip\r\ncontent-length: 0",
    ],
    ids=["negative", "huge", "both", "unknown coding", "NUL", "encoded"],
)
def test_a_malformed_request_is_the_senders_fault(site: str, lines: str) -> None:
    with connected(site) as connection:
        head = f"POST /webhooks/acme HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{lines}\r\n\r\n"
        connection.sendall(head.encode() + b"zz\r\n\r\n")
        status = connection.recv(4096).split(b"\r\n")[0]
    assert re.match(rb"HTTP/1.1 4\d\d ", status), status
