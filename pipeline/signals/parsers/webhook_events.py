"""Webhooks: the message that a sender signs, and the document that wraps those of an hour.

The ingress validates a message with `message`; a run puts the received ones into one payload with `payload`, which the
parser reads like that of any other source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, HttpUrl
from pydantic_core import from_json

from pipeline.models import Counters, Model, Payload, Signal
from pipeline.signals.parsers.base import Count, RawItem, RefusedError, document_list, named, shape
from pipeline.signals.text import Headline, Text, without_accounts

SOURCE = "webhook_events"
ACCOUNT_FIELDS = frozenset({"author"})
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _rfc3339(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    raise ValueError("should be a time as in RFC 3339, such as 2026-11-23T05:00:00Z")


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside of the years 1 to 9999 in UTC") from None


def _plain(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("holds a user name or a password: leave them out")
    if len(str(url)) > 2000:
        raise ValueError("is longer than 2000 characters when percent-encoded")
    return url


Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_utc)]
Url = Annotated[HttpUrl, AfterValidator(_plain)]


class Item(RawItem):
    """One thing that is trending."""

    title: Annotated[Headline, Field(description="its words, 2 to 500 characters with a letter or a digit among them")]
    id: Annotated[str, Field(strict=True, pattern=r"^[!-~]{1,200}$")] | None = Field(
        default=None, description="your id of it, printable ASCII: the same id is the same thing; none: its words are"
    )
    url: Url | None = Field(default=None, description="where it can be seen")
    published_at: Moment | None = Field(default=None, description="RFC 3339; not in the future")
    author: Annotated[str, Field(strict=True, max_length=200)] | None = Field(
        default=None, description="the account that made it: kept as a salted hash, and taken out of all texts"
    )
    tags: Annotated[tuple[Annotated[Text, Field(max_length=100)], ...], Field(max_length=50)] = Field(
        default=(), description="hashtags or keywords"
    )
    likes: Count | None = Field(default=None, description="so far; leave it out if you do not count them")
    comments: Count | None = Field(default=None, description="so far, shares included")
    views: Count | None = Field(default=None, description="so far")


class Items(RawItem):
    """What the message tells of."""

    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=50)]


class Message(RawItem):
    """The body of a webhook. Fields that are not named here are not looked at."""

    type: Literal["trend.spike"]
    timestamp: Moment = Field(description="when it was noticed, RFC 3339")
    data: Items


class Told(RawItem):
    """An item of a message, with what is known of the message."""

    source: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_]{0,59}$")]
    webhook_id: Annotated[str, Field(strict=True, max_length=200)]
    item: Item


class Received(Model):
    """A row of the inbox, as far as a run needs it."""

    id: UUID
    source: str
    webhook_id: str
    received_at: AwareDatetime
    body: bytes


def message(body: bytes) -> Message:
    """The body as a message. Raises pydantic's ValidationError, or ValueError when it is not JSON (RFC 8259, UTF-8)."""
    return Message.model_validate(from_json(body, allow_inf_nan=False))


def payload(rows: Sequence[Received], captured_at: datetime) -> Payload:
    """One payload of several rows of the inbox, in their order.

    Args:
        rows: messages of any senders.
        captured_at: an aware moment in the hour of the run.
    """
    events = [
        {
            "source": row.source,
            "webhook_id": row.webhook_id,
            "received_at": row.received_at.astimezone(UTC).isoformat(),
            "body": _unread(row.body),
        }
        for row in rows
    ]
    document = json.dumps({"events": events}, ensure_ascii=False, separators=(",", ":"))
    return Payload(source=SOURCE, captured_at=captured_at, body=document.encode())


def accounts(item: object) -> list[str]:
    """The author."""
    return named(item, "item.author")


def items(text: str) -> list[object]:
    """One for each item of each message, with what is known of the message; a strange message stays in one piece."""
    return [one for event in document_list(text, "events") for one in _items(event)]


def signal(item: object, payload: Payload) -> Signal:
    """An item as a signal. Its id is only unique for its sender, so the sender's name goes before it."""
    if not isinstance(item, dict) or "item" not in item:
        raise RefusedError(f"event: expected a message with a list of items, got {shape(item)}")
    told = Told.model_validate(item)
    found = told.item
    author = (found.author or "").strip()
    content = without_accounts(found.title, author)
    if len(content) < 2:
        raise RefusedError("title: nothing is left of it without the name of its author")
    return Signal(
        source=payload.source,
        external_id=f"{told.source}:{found.id}" if found.id else None,
        content=content,
        url=str(found.url) if found.url else None,
        category=told.source,
        published_at=found.published_at,
        captured_at=payload.captured_at,
        counters=Counters(likes=found.likes, comments=found.comments, views=found.views),
        metadata={
            "kind": "post",
            "webhook_id": told.webhook_id,
            "webhook_source": told.source,
            "tags": [kept for tag in found.tags if (kept := without_accounts(tag, author))],
        },
    )


def _unread(body: bytes) -> object:
    """The JSON of a stored body; its text where it is none, so that it is refused by itself and not with the hour."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        return body.decode(errors="replace")


def _items(event: Any) -> list[object]:
    found = event
    for key in ("body", "data", "items"):
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list):
        return [event]
    known = {name: event.get(name) for name in ("source", "webhook_id", "received_at")}
    return [{**known, "item": one} for one in found]
