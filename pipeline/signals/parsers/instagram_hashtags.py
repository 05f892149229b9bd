"""Instagram: a hashtag as `/{ig-hashtag-id}` answers, and its posts as `/top_media` and `/recent_media` do."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from pipeline.models import Counters, Json, Payload, Signal
from pipeline.signals.parsers.base import Count, RawItem, RefusedError, WrittenTime, json_document, named, shape, shown
from pipeline.signals.social import Caption, explicit, words

ACCOUNT_FIELDS = frozenset({"username"})

_PERMALINK = re.compile(r"https://www\.instagram\.com/(?:p|reel|tv)/[\w-]{1,40}/?")

Id = Annotated[str, Field(strict=True, pattern=r"^[0-9]{1,40}$")]


class Hashtag(RawItem):
    """A hashtag, without its sign."""

    id: Id
    name: Annotated[str, Field(strict=True, pattern=r"^\w{1,100}$")]


class Media(RawItem):
    """The fields of a post that are used; the owner may hide its likes."""

    id: Id
    caption: Caption
    timestamp: WrittenTime | None = None
    permalink: Annotated[str, Field(strict=True)] = ""
    like_count: Count | None = None
    comments_count: Count | None = None
    media_type: Annotated[str, Field(strict=True, pattern=r"^[A-Z_]{1,30}$")] | None = None


def accounts(item: object) -> list[str]:
    """Its owner, whom the API does not tell and who is never asked for."""
    return named(item, "username")


def items(text: str) -> list[object]:
    """The posts of a list, or the one hashtag."""
    document = json_document(text)
    if isinstance(document, dict):
        if isinstance(document.get("data"), list):
            return list(document["data"])
        if "name" in document:
            return [document]
    raise RefusedError(f"body: expected an object with a list 'data' or a 'name', got {shape(document)}")


def signal(item: object, payload: Payload) -> Signal:
    """A post, or the hashtag itself, as a signal."""
    if isinstance(item, dict) and "name" in item:
        return _hashtag(Hashtag.model_validate(item), payload)
    media = Media.model_validate(item)
    if found := explicit(media.caption.text, media.caption.tags):
        raise RefusedError(f"caption: {shown(found)}: not safe for work, never a source of designs")
    facts: Json = {"kind": "post"}
    if media.caption.tags:
        facts["tags"] = list(media.caption.tags)
    if media.media_type:
        facts["media_type"] = media.media_type
    return Signal(
        source=payload.source,
        external_id=media.id,
        content=media.caption.text,
        url=media.permalink if _PERMALINK.fullmatch(media.permalink) else None,
        category=_asked_for(payload),
        published_at=media.timestamp,
        captured_at=payload.captured_at,
        counters=Counters(likes=media.like_count, comments=media.comments_count),
        metadata=facts,
    )


def _hashtag(hashtag: Hashtag, payload: Payload) -> Signal:
    if explicit("", [hashtag.name]):
        raise RefusedError(f"name: {shown(hashtag.name)}: not safe for work, never a source of designs")
    return Signal(
        source=payload.source,
        external_id=f"tag:{hashtag.name.casefold()}",
        content=words(hashtag.name),
        category=hashtag.name,
        captured_at=payload.captured_at,
        metadata={"kind": "post", "tags": [hashtag.name]},
    )


def _asked_for(payload: Payload) -> str | None:
    """The hashtag that the posts were asked for by: the fragment of the payload's address."""
    fragment = urlsplit(payload.url or "").fragment
    return fragment if re.fullmatch(r"\w{1,100}", fragment) else None
