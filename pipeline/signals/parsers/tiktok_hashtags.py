"""TikTok: the rows of the Creative Center's page of popular hashtags, as `tiktok_hashtags` read them off it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from pipeline.models import Counters, Json, Payload, Signal
from pipeline.signals.parsers.base import Count, DigitCount, RawItem, RefusedError, document_list, shown
from pipeline.signals.social import explicit, words

ACCOUNT_FIELDS: frozenset[str] = frozenset()

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}
_FIGURE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)\s?([KMB]?)", re.IGNORECASE)


def _figure(value: object) -> object:
    """51K is 51000: as exact as the page shows it."""
    found = _FIGURE.fullmatch(value.strip().replace(",", "")) if isinstance(value, str) else None
    return int(Decimal(found[1]) * _UNITS[found[2].upper()]) if found else value


def _without_sign(value: object) -> object:
    return value.strip().removeprefix("#").strip() if isinstance(value, str) else value


Shown = Annotated[Count, BeforeValidator(_figure)]


class Figures(RawItem):
    """The labelled figures of a row."""

    posts: Shown | None = Field(default=None, alias="Posts")
    views: Shown | None = Field(default=None, alias="Views")


class Row(RawItem):
    """A row of the page."""

    hashtag: Annotated[str, Field(pattern=r"^\w{1,100}$"), BeforeValidator(_without_sign)]
    rank: DigitCount | None = None
    figures: Figures


def accounts(item: object) -> list[str]:  # noqa: ARG001 - a row names no account
    """None: a row names no account."""
    return []


def items(text: str) -> list[object]:
    """The rows that were read."""
    return document_list(text, "rows")


def signal(item: object, payload: Payload) -> Signal:
    """A hashtag as a signal."""
    row = Row.model_validate(item)
    if explicit("", [row.hashtag]):
        raise RefusedError(f"hashtag: {shown(row.hashtag)}: not safe for work, never a source of designs")
    facts: Json = {"kind": "post", "tags": [row.hashtag]}
    if row.rank is not None:
        facts["rank"] = row.rank
    return Signal(
        source=payload.source,
        external_id=row.hashtag.casefold(),
        content=words(row.hashtag),
        captured_at=payload.captured_at,
        counters=Counters(comments=row.figures.posts, views=row.figures.views),
        metadata=facts,
    )
