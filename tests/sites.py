"""Servers on loopback that answer as they are told, and a clock that does not tick."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NOON = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    """What a server answers."""

    status: int = 200
    body: bytes = b'{"fine": true}'
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    """What Content-Length says, if not the truth."""
    after: float = 0.0
    """Seconds of silence before it."""


@dataclass(frozen=True)
class Seen:
    """What a server was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Site:
    """A server that gives its replies in turn, the last one for ever; or what a function says to each request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.replies: list[Reply] = [Reply()]
        self.answer: Callable[[Seen], Reply] | None = None
        self._quiet = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                named = {name.lower(): value for name, value in self.headers.items()}
                reply = site.next(Seen(self.command, self.path, named, body))
                site._quiet.wait(reply.after)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 304:
                    self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
                self.end_headers()
                self.wfile.write(reply.body)
                if reply.length is not None:
                    self.close_connection = True

            do_POST = do_GET  # noqa: N815 - as http.server calls it

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is no error of the server."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def next(self, seen: Seen) -> Reply:
        """The answer to a request."""
        self.seen.append(seen)
        if self.answer:
            return self.answer(seen)
        return self.replies[min(len(self.seen), len(self.replies)) - 1]

    def close(self) -> None:
        """Stop serving."""
        self._quiet.set()
        self._server.shutdown()
        self._server.server_close()


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self, start: datetime = NOON) -> None:
        self.at = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The present."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Note it, and be there."""
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)
