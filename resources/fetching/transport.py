"""One exchange with a server that may be hostile: bounded in time and size, and read whole.

What belongs here: sockets, time limits, decompression. What does not: what an answer means.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar

import httpcore
import httpx

TIMEOUT = httpx.Timeout(20.0, connect=5.0)
"""Seconds that a connection may take, and that may pass between two pieces of an answer."""
LIMIT_S = 60.0
"""Seconds that an exchange may take, from connecting to the last byte."""
MAX_BODY = 20 * 2**20
"""Bytes of a body, decompressed."""
CONNECTIONS = httpx.Limits(max_connections=8, max_keepalive_connections=8)

_deadline: ContextVar[float] = ContextVar("deadline")


class OversizeError(httpx.TransportError):
    """The answer holds more than MAX_BODY."""


class Transport(httpx.BaseTransport):
    """HTTP whose answers are whole, decompressed, at most MAX_BODY long and there within the limit.

    Cookies that a server sets are dropped: a request says what its caller says. The request's own `Cache-Control` is
    meant for the cache above and goes no further.

    Args:
        limit: seconds that an exchange may take.

    Raises of `handle_request`:
        httpx.TimeoutException: it took longer.
        httpx.DecodingError: the body breaks off, or is not compressed as it says.
        OversizeError: the body is too large.
        httpx.TransportError: no connection, or no HTTP.
    """

    def __init__(self, limit: float = LIMIT_S) -> None:
        self._limit = limit
        self._http = _DeadlinedHTTP()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer."""
        sent = httpx.Request(
            request.method, request.url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        sent.headers.pop("cache-control", None)
        token = _deadline.set(time.monotonic() + self._limit)
        try:
            answer = self._http.handle_request(sent)
            try:
                body = _body(answer)
            finally:
                answer.close()
        finally:
            _deadline.reset(token)
        dropped = {b"content-encoding", b"content-length", b"transfer-encoding", b"set-cookie"}
        kept = [(name, value) for name, value in answer.headers.raw if name.lower() not in dropped]
        return httpx.Response(answer.status_code, headers=kept, content=body)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _body(answer: httpx.Response) -> bytes:
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise httpx.DecodingError(f"its body is encoded as {encoding[:40]!r}, and gzip was asked for")
    body = bytearray()
    try:
        pieces = answer.iter_raw()
        for piece in pieces if encoding == "identity" else _unzipped(pieces):
            body += piece
            if len(body) > MAX_BODY:
                raise OversizeError(f"it holds more than {MAX_BODY // 2**20} MB")
    except httpx.RemoteProtocolError as error:
        raise httpx.DecodingError(f"its body breaks off after {len(body):,} bytes: {error}") from error
    return bytes(body)


def _unzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a gzip body decompressed, a little more than MAX_BODY at most, however much they promise."""
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    left = MAX_BODY + 1
    for piece in pieces:
        try:
            data = unzip.decompress(piece, left)
        except zlib.error as error:
            raise httpx.DecodingError(f"its body is no gzip: {error}") from error
        yield data
        left -= len(data)
        if left <= 0:
            return
    if not unzip.eof:
        raise httpx.DecodingError("its gzip body breaks off")


class _DeadlinedHTTP(httpx.HTTPTransport):
    """Sockets that know the deadline: a limit for each read alone would let a server drip for days."""

    def __init__(self) -> None:
        super().__init__(limits=CONNECTIONS)
        # httpx has no argument for the network backend.
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=CONNECTIONS.max_connections,
            max_keepalive_connections=CONNECTIONS.max_keepalive_connections,
            keepalive_expiry=CONNECTIONS.keepalive_expiry,
            network_backend=_Backend(),
        )


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(host, port, _left(timeout), local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None) -> float:
    """The timeout, or what is left until the deadline."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the whole answer took too long")
    return left if timeout is None else min(left, timeout)
