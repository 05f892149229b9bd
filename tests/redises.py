"""A real Redis on a port of this machine, for the tests of the cache."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

PROGRAM = "redis-server"
PASSWORD = "not/for:logs@all"
QUOTED = "not%2Ffor%3Alogs%40all"


class RedisServer:
    """A server that a test may kill and start again."""

    def __init__(self, folder: Path, port: int) -> None:
        self._command = [
            *(PROGRAM, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--requirepass", PASSWORD),
        ]
        self.port = port
        self.url = SecretStr(f"redis://:{QUOTED}@127.0.0.1:{port}/0")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait till it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, f"{PROGRAM} ended at once"
            assert time.monotonic() < deadline, f"{PROGRAM} does not listen"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A running server with nothing in it."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = RedisServer(folder, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()
