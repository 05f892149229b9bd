"""Multipart bodies, read as a server would."""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import NamedTuple


class Part(NamedTuple):
    """One field."""

    value: bytes
    filename: str | None = None


def form(content_type: str, body: bytes) -> dict[str, Part]:
    """The fields by name; anything but multipart is a mistake."""
    assert content_type.startswith("multipart/form-data; boundary="), content_type
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return {
        str(part.get_param("name", header="content-disposition")): Part(
            bytes(part.get_payload(decode=True)), part.get_filename()
        )
        for part in message.iter_parts()
    }
