"""Mastodon: what trends on an instance, as `/api/v1/trends/{tags,statuses,links}` answer."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from pipeline.models import Counters, Json, Payload, Signal, sha256
from pipeline.signals.parsers.base import (
    Count,
    DigitCount,
    RawItem,
    RefusedError,
    UnixSeconds,
    WrittenTime,
    json_document,
    named,
    shape,
    shown,
    unix_time,
)
from pipeline.signals.social import MAX_TAGS, Told, explicit, told, words
from pipeline.signals.text import Headline, Text

ACCOUNT_FIELDS = frozenset(
    {
        "acct", "username", "display_name", "url", "uri", "note", "value", "avatar", "avatar_static", "header",
        "header_static", "in_reply_to_account_id", "author_name", "author_url",
    }
)  # fmt: skip

MAX_MARKUP = 50_000
"""Characters of a status's HTML that are looked at; a longer one is refused."""

_TOKEN = re.compile(r"<(?P<end>/?)(?P<tag>[a-zA-Z]++)(?P<rest>[^<>]*+)>|[^<]+|<")
_HASHTAG = re.compile(r"class=\"[^\"]*\bhashtag\b")


def _from_html(raw: object) -> Told:
    if not isinstance(raw, str):
        raise ValueError("should be HTML as text")  # noqa: TRY004 - what pydantic reads
    if len(raw) > MAX_MARKUP:
        raise ValueError(f"is {len(raw):,} characters long; at most {MAX_MARKUP:,} are read")
    return told(_text(raw))


def _text(markup: str) -> str:
    """What is to be read in sanitized HTML. Links are left out, mentions among them; hashtags stay."""
    found: list[str] = []
    passing = False
    for token in _TOKEN.finditer(markup):
        if token["tag"] is None:
            found.append("" if passing else token[0])
        elif token["tag"].lower() == "a":
            passing = not token["end"] and not _HASHTAG.search(token["rest"])
        elif token["tag"].lower() in {"p", "br", "li"}:
            found.append(" ")
    return "".join(found)


def _seconds(value: object) -> object:
    return float(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 13 else value


class Day(RawItem):
    """A day of a tag's or link's history: posts with it, and accounts that wrote them."""

    day: Annotated[UnixSeconds, BeforeValidator(_seconds)]
    uses: DigitCount
    accounts: DigitCount


History = Annotated[tuple[Day, ...], Field(min_length=1)]
"""Today first, then the days before."""


class Tag(RawItem):
    """A trending hashtag."""

    name: Annotated[str, Field(strict=True, pattern=r"^\w{1,100}$")]
    history: History


class Link(RawItem):
    """A link that many share."""

    title: Headline
    url: Annotated[str, Field(strict=True, pattern=r"^https?://", max_length=2000)]
    history: History
    provider_name: Text = ""
    language: Annotated[str, Field(strict=True, max_length=20)] | None = None


class StatusTag(RawItem):
    """A tag under a status."""

    name: Text


class Status(RawItem):
    """The fields of a trending post that are used."""

    uri: Annotated[str, Field(strict=True, min_length=1, max_length=2000)]
    created_at: WrittenTime
    content: Annotated[Told, BeforeValidator(_from_html)]
    sensitive: Annotated[bool, Field(strict=True)]
    spoiler_text: Annotated[str, Field(strict=True)] = ""
    favourites_count: Count
    reblogs_count: Count
    replies_count: Count
    language: Annotated[str, Field(strict=True, max_length=20)] | None = None
    tags: tuple[StatusTag, ...] = ()


def accounts(item: object) -> list[str]:
    """A status's author, by the address that is the same on every instance, and whom it mentions; a link's author."""
    author = named(item, "account.url", "account.acct", "account.username", "account.display_name")
    if not author:
        written = named(item, "author_name")
        return [] if written == named(item, "provider_name") else written
    mentions = item.get("mentions") if isinstance(item, dict) else None
    mentioned = mentions if isinstance(mentions, list) else []
    return author + [name for each in mentioned for name in named(each, "acct", "username")]


def items(text: str) -> list[object]:
    """The tags, statuses or links of the list."""
    document = json_document(text)
    if not isinstance(document, list):
        raise RefusedError(f"body: expected a list of tags, statuses or links, got {shape(document)}")
    return document


def signal(item: object, payload: Payload) -> Signal:
    """A tag, status or link as a signal. What is marked as sensitive is refused."""
    if not isinstance(item, dict):
        raise RefusedError(f"item: expected an object, got {shape(item)}")
    if "account" in item:
        return _status(Status.model_validate(item), payload)
    if "title" in item:
        return _link(Link.model_validate(item), payload)
    return _tag(Tag.model_validate(item), payload)


def _tag(tag: Tag, payload: Payload) -> Signal:
    if explicit("", [tag.name]):
        raise RefusedError(f"name: {shown(tag.name)}: not safe for work, never a source of designs")
    return _counted(f"tag:{tag.name.casefold()}", words(tag.name), tag.history, payload, {"tags": [tag.name]}, "tag")


def _link(link: Link, payload: Payload) -> Signal:
    if found := explicit(link.title):
        raise RefusedError(f"title: {shown(found)}: not safe for work, never a source of designs")
    facts: Json = {"site": link.provider_name} if link.provider_name else {}
    if link.language:
        facts["language"] = link.language
    key = f"link:{sha256(link.url.encode())[:32]}"
    # Some sites put the author's account into the address.
    return _counted(key, link.title, link.history, payload, facts, "link", None if "@" in link.url else link.url)


def _counted(
    key: str,
    content: str,
    history: tuple[Day, ...],
    payload: Payload,
    facts: Json,
    category: str,
    url: str | None = None,
) -> Signal:
    """A thing that is counted anew each day is a new thing each day, begun at the day's start."""
    today = history[0]
    began = unix_time(today.day)
    counted: Json = {"accounts": today.accounts}
    if len(history) > 1:
        counted |= {"uses_yesterday": history[1].uses, "accounts_yesterday": history[1].accounts}
    return Signal(
        source=payload.source,
        external_id=f"{key}:{began:%Y-%m-%d}",
        content=content,
        url=url,
        category=category,
        published_at=began,
        captured_at=payload.captured_at,
        counters=Counters(comments=today.uses),
        metadata={"kind": "post", **facts, **counted},
    )


def _status(status: Status, payload: Payload) -> Signal:
    tags = [tag.name for tag in status.tags][:MAX_TAGS]
    if status.sensitive or status.spoiler_text.strip():
        raise RefusedError("sensitive: marked by its author, never a source of designs")
    if found := explicit(status.content.text, tags):
        raise RefusedError(f"content: {shown(found)}: not safe for work, never a source of designs")
    facts: Json = {"kind": "post", "reblogs": status.reblogs_count}
    if tags:
        facts["tags"] = tags
    if status.language:
        facts["language"] = status.language
    return Signal(
        source=payload.source,
        # The address holds the account; its hash is the same on every instance.
        external_id=f"status:{sha256(status.uri.encode(errors='replace'))[:32]}",
        content=status.content.text,
        category="status",
        published_at=status.created_at,
        captured_at=payload.captured_at,
        counters=Counters(likes=status.favourites_count + status.reblogs_count, comments=status.replies_count),
        metadata=facts,
    )
