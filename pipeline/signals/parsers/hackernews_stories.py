"""Hacker News: a list of items, as `/v0/item/{id}.json` answers each, best story first."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from pipeline.models import Counters, Payload, Signal
from pipeline.signals.parsers.base import (
    Count,
    RawItem,
    RefusedError,
    UnixSeconds,
    json_document,
    named,
    shape,
    shown,
    unix_time,
)
from pipeline.signals.social import explicit
from pipeline.signals.text import Headline

ACCOUNT_FIELDS = frozenset({"by"})

_KIND = re.compile(r"(Ask|Show|Tell|Launch) HN\b")


class Story(RawItem):
    """The fields of a story that are used."""

    id: Annotated[int, Field(strict=True, gt=0, lt=10**15)]
    title: Headline
    time: UnixSeconds
    score: Count
    descendants: Count | None = None


def accounts(item: object) -> list[str]:
    """Who posted it."""
    return named(item, "by")


def items(text: str) -> list[object]:
    """The items of the list."""
    document = json_document(text)
    if not isinstance(document, list):
        raise RefusedError(f"body: expected a list of items, got {shape(document)}")
    return document


def signal(item: object, payload: Payload) -> Signal:
    """A story as a signal. Jobs, polls, comments and what was taken down are refused."""
    if not isinstance(item, dict):
        raise RefusedError(f"item: expected an object, got {shape(item)}")
    for flag in ("deleted", "dead"):
        if item.get(flag):
            raise RefusedError(f"{flag}: {shown(item[flag])}: taken down")
    if item.get("type") != "story":
        raise RefusedError(f"type: {shown(item.get('type'))} is not a story")
    story = Story.model_validate(item)
    if found := explicit(story.title):
        raise RefusedError(f"title: {shown(found)}: not safe for work, never a source of designs")
    kind = _KIND.match(story.title)
    return Signal(
        source=payload.source,
        external_id=str(story.id),
        content=story.title,
        url=f"https://news.ycombinator.com/item?id={story.id}",
        category=kind[0] if kind else None,
        published_at=unix_time(story.time),
        captured_at=payload.captured_at,
        counters=Counters(likes=story.score, comments=story.descendants),
        metadata={"kind": "post"},
    )
