"""Senders of webhooks: bodies, and headers signed as each scheme asks."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from standardwebhooks import Webhook

OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PLAIN = "a plain secret of the tests"
SOURCES = {
    "acme": {"scheme": "standard", "secrets": [OLD, NEW], "rate_per_minute": 100_000},
    "forge": {"scheme": "github", "secrets": [PLAIN]},
    "chat": {"scheme": "slack", "secrets": [PLAIN]},
    "prints": {"scheme": "printify", "secrets": [PLAIN]},
    "slow": {"scheme": "standard", "secrets": [NEW], "rate_per_minute": 3},
}


def body(*items: dict[str, Any], **fields: Any) -> bytes:
    """A message with these items, by default one."""
    told = {
        "type": "trend.spike",
        "timestamp": "2026-11-23T05:00:00Z",
        "data": {"items": list(items) or [{"title": "Capybaras in a hot spring", "likes": 900}]},
        **fields,
    }
    return json.dumps(told).encode()


def standard(
    data: bytes, *, webhook_id: str | None = None, secret: str = NEW, sent: float | None = None
) -> dict[str, str]:
    """Headers of Standard Webhooks, JSON's included."""
    message_id = webhook_id or f"msg_{uuid4().hex}"
    seconds = int(time.time() if sent is None else sent)
    signature = Webhook(secret).sign(message_id, datetime.fromtimestamp(seconds, UTC), data.decode())
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature,
    }


def hexadecimal(data: bytes, secret: str = PLAIN) -> str:
    """HMAC-SHA256."""
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()


def github(data: bytes, *, delivery: str = "d-1") -> dict[str, str]:
    """Headers as GitHub sends them."""
    signature = f"sha256={hexadecimal(data)}"
    return {"content-type": "application/json", "x-hub-signature-256": signature, "x-github-delivery": delivery}


def slack(data: bytes, *, sent: float | None = None) -> dict[str, str]:
    """Headers as Slack sends them."""
    seconds = str(int(time.time() if sent is None else sent))
    signature = f"v0={hexadecimal(f'v0:{seconds}:'.encode() + data)}"
    return {
        "content-type": "application/json",
        "x-slack-signature": signature,
        "x-slack-request-timestamp": seconds,
    }


def printify(data: bytes) -> dict[str, str]:
    """Headers as Printify sends them."""
    return {"content-type": "application/json", "x-pfy-signature": f"sha256={hexadecimal(data)}"}


def json_bytes(document: object) -> bytes:
    """JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, default=repr).encode(errors="replace")


def signed(data: bytes) -> tuple[str, dict[str, str]]:
    """A source that can sign the bytes, and its headers: Standard Webhooks signs text alone."""
    try:
        return "acme", standard(data)
    except UnicodeDecodeError:
        return "prints", printify(data)
