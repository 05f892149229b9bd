"""Bluesky: trending topics, as `app.bsky.unspecced.getTrends` answers."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from pipeline.models import Counters, Json, Payload, Signal, fold
from pipeline.signals.parsers.base import Count, RawItem, RefusedError, WrittenTime, document_list, shown
from pipeline.signals.social import explicit
from pipeline.signals.text import Headline, Text

ACCOUNT_FIELDS = frozenset({"did", "handle", "displayName", "avatar", "description", "pronouns"})
"""Of the actors: those who post about a trend. A trend's own displayName is masked with theirs."""

_OWN_FEED = re.compile(r"/profile/trending\.bsky\.app/feed/[0-9A-Za-z]{1,40}")


class Trend(RawItem):
    """The fields of a trend that are used; its actors are not looked at."""

    topic: Headline
    displayName: Headline  # noqa: N815 - the API's name
    link: Annotated[str, Field(strict=True)] = ""
    startedAt: WrittenTime  # noqa: N815
    postCount: Count  # noqa: N815
    status: Text | None = None
    category: Text | None = None


def accounts(item: object) -> list[str]:  # noqa: ARG001 - a trend has no author
    """None: a trend has no author, and its actors are not kept."""
    return []


def items(text: str) -> list[object]:
    """The trends of the document."""
    return document_list(text, "trends")


def signal(item: object, payload: Payload) -> Signal:
    """A trend as a signal; the same topic on another day is a thing of its own."""
    trend = Trend.model_validate(item)
    if found := explicit(f"{trend.topic} {trend.displayName}"):
        raise RefusedError(f"displayName: {shown(found)}: not safe for work, never a source of designs")
    facts: Json = {"kind": "post"}
    if trend.status:
        facts["status"] = trend.status
    return Signal(
        source=payload.source,
        external_id=f"{trend.startedAt:%Y-%m-%d}:{fold(trend.topic)}"[:300],
        content=trend.displayName,
        url=f"https://bsky.app{trend.link}" if _OWN_FEED.fullmatch(trend.link) else None,
        category=trend.category or None,
        published_at=trend.startedAt,
        captured_at=payload.captured_at,
        counters=Counters(comments=trend.postCount),
        metadata=facts,
    )
