"""Whether a message is its sender's: the signatures of the four schemes, verified.

What belongs here: functions of headers, body, secrets and a moment. What does not: where the secrets come from
(`resources.webhooks`), and what a message says.

Standard Webhooks: https://www.standardwebhooks.com. GitHub signs the body, Slack the body with a timestamp, Printify
the body; each with HMAC-SHA256 in hexadecimal. All comparisons take the same time wherever the texts differ, and every
secret is tried.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from pydantic import SecretStr
from standardwebhooks import Webhook

from resources.webhooks import WebhookSource

TOLERANCE: Final = timedelta(minutes=5)
"""How far a signed timestamp may lie before or after now, the edge included."""
MAX_SIGNATURES: Final = 16
"""So many of a message's signatures are looked at."""
_ID: Final = re.compile(r"[!-~]{1,200}")
_SECONDS: Final = re.compile(r"[0-9]{1,11}")


class SignatureError(Exception):
    """No secret of the source has signed this message."""


class StaleError(Exception):
    """The message lies outside of the tolerance, or does not say when it was sent, or lacks its id."""


class Hmac(NamedTuple):
    """A scheme that puts the hexadecimal HMAC-SHA256 behind a prefix."""

    signature: str
    prefix: str
    id: str | None = None
    timestamp: str | None = None


HMACS: Final[Mapping[str, Hmac]] = {
    "github": Hmac("x-hub-signature-256", "sha256=", id="x-github-delivery"),
    "slack": Hmac("x-slack-signature", "v0=", timestamp="x-slack-request-timestamp"),
    "printify": Hmac("x-pfy-signature", "sha256="),
}
SIGNATURE_HEADERS: Final = frozenset({"webhook-signature", *(scheme.signature for scheme in HMACS.values())})


def verify(source: WebhookSource, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The message's id, which is unique for its source: the sender's, else the SHA-256 of what was signed.

    Args:
        source: with the secrets, any of which may have signed.
        headers: names in lower case, or a mapping that ignores case; values as latin-1 decodes them.
        body: byte for byte as it came.
        now: the aware present.

    Raises:
        SignatureError: the signature is missing or wrong.
        StaleError: the timestamp or the id is missing or malformed, or the timestamp is outside of the tolerance.
    """
    if source.scheme == "standard":
        return _standard(source.secrets, headers, body, now)
    scheme = HMACS[source.scheme]
    given = _signature(headers, scheme.signature)
    signed = body
    if scheme.timestamp:
        sent = headers.get(scheme.timestamp, "")
        _require_fresh(scheme.timestamp, sent, now)
        signed = f"v0:{sent}:".encode() + body
    expected = [scheme.prefix + _hexadecimal(secret, signed) for secret in source.secrets]
    _require_one(expected, [given], scheme.signature)
    return _message_id(headers, scheme.id) if scheme.id else hashlib.sha256(signed).hexdigest()


def _standard(secrets: Sequence[SecretStr], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The library signs; its own `verify` reads the machine's clock and raises what it likes at malformed headers."""
    given = _signature(headers, "webhook-signature")
    message_id = _message_id(headers, "webhook-id")
    sent = _require_fresh("webhook-timestamp", headers.get("webhook-timestamp", ""), now)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SignatureError("the body is not UTF-8, which JSON is written in") from None
    expected = [Webhook(secret.get_secret_value()).sign(message_id, sent, text) for secret in secrets]
    _require_one(expected, given.split(" ", MAX_SIGNATURES)[:MAX_SIGNATURES], "webhook-signature")
    return message_id


def _signature(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name, "")
    if not found:
        raise SignatureError(f"{name}: missing")
    return found


def _message_id(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name, "")
    if not _ID.fullmatch(found):
        raise StaleError(f"{name}: missing, or not 1 to 200 printable ASCII characters without spaces")
    return found


def _require_fresh(name: str, text: str, now: datetime) -> datetime:
    if not _SECONDS.fullmatch(text):
        raise StaleError(f"{name}: missing, or not whole seconds since 1970")
    sent = datetime.fromtimestamp(int(text), UTC)
    if abs(now - sent) > TOLERANCE:
        raise StaleError(f"{name}: more than {TOLERANCE.seconds // 60} minutes from now: sign anew when you send again")
    return sent


def _hexadecimal(secret: SecretStr, signed: bytes) -> str:
    return hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).hexdigest()


def _require_one(expected: Sequence[str], given: Sequence[str], name: str) -> None:
    if not any([hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in given]):
        raise SignatureError(f"{name}: of none of the source's secrets")
