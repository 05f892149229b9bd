"""A server that drips gets no more time than one that is silent, and one that nobody vouches for gets nothing."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from resources.fetching.transport import Transport
from tests.sites import Reply, Site

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"


@pytest.fixture(params=["headers", "body"])
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that sends a byte every 20 ms, of its headers or of its body."""
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(HEAD + (b"X-Long: " if request.param == "headers" else b"\r\n"))
            while not stop.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    stop.set()
    thread.join()
    server.close()


def test_dripping_ends_at_the_limit(dripping: str) -> None:
    started = time.monotonic()
    with httpx.Client(transport=Transport(limit=0.3)) as client, pytest.raises(httpx.TimeoutException):
        client.get(dripping)
    assert 0.3 <= time.monotonic() - started < 10, "it drips for ever"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secure_site(certificate: Path) -> Iterator[Site]:
    """A server that speaks TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    opened = Site(context)
    yield opened
    opened.close()


def test_https_is_spoken_with_who_is_vouched_for(
    secure_site: Site, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with httpx.Client(transport=Transport()) as client:
        assert [client.get(secure_site.url).json() for _ in range(2)] == [{"fine": True}, {"fine": True}]


def test_https_with_others_is_refused(secure_site: Site) -> None:
    with httpx.Client(transport=Transport()) as client, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY"):
        client.get(secure_site.url)
    assert secure_site.seen == []


def test_a_silent_tls_server_ends_at_the_limit_too(
    secure_site: Site, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_site.replies = [Reply(after=30)]
    started = time.monotonic()
    with httpx.Client(transport=Transport(limit=0.3)) as client, pytest.raises(httpx.TimeoutException):
        client.get(secure_site.url)
    assert time.monotonic() - started < 10
