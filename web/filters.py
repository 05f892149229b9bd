"""What can be asked of the gallery in a URL: read once, the same for pages and JSON, and written back into links."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from pipeline.models import IdeaStatus, Model, hour_of
from resources.store.gallery import Cursor, Sort


def _blank(value: object) -> object:
    """A form sends an empty string for what was left open."""
    return None if value == "" else value


def _hour(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return hour_of(datetime.fromisoformat(str(value)))
    except (ValueError, OverflowError):
        raise ValueError("is no hour with a time zone: write it like 2026-11-23T05:00Z") from None


def _cursor(value: object) -> Cursor | None:
    if value is None:
        return None
    try:
        hour, score, idea_id = str(value).split("_")
        moment = datetime.strptime(hour, "%Y%m%dT%H%z").astimezone(UTC)
        cursor = Cursor(hour=moment, score=float(score), id=UUID(idea_id))
    except (ValueError, OverflowError):
        raise ValueError("is no place in the gallery: follow the link of the page before, or leave it out") from None
    if not 0 <= cursor.score <= 1:
        raise ValueError("is no place in the gallery: its score is outside 0 … 1")
    return cursor


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a control character: choose one from the list")
    return value


def hour_token(moment: datetime) -> str:
    """An hour as URLs carry it, such as 2026-11-23T05:00Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def cursor_token(cursor: Cursor) -> str:
    """A place as URLs carry it; `Filters(after=…)` reads it back exactly."""
    return f"{cursor.hour.astimezone(UTC):%Y%m%dT%HZ}_{cursor.score!r}_{cursor.id}"


_STRING = WithJsonSchema({"type": "string"})
Hour = Annotated[datetime | None, BeforeValidator(_hour), BeforeValidator(_blank), PlainSerializer(hour_token), _STRING]
After = Annotated[
    Cursor | None, BeforeValidator(_cursor), BeforeValidator(_blank), PlainSerializer(cursor_token), _STRING
]
Name = Annotated[str, Field(max_length=100), AfterValidator(_printable)]


class OfHour(Model):
    """Which hour is asked for."""

    hour: Hour = Field(default=None, description="like 2026-11-23T05:00Z; left out: the newest that has some")


class Filters(Model):
    """Which ideas, in which order, from where on. Empty values count as left out; unknown names are refused."""

    hour: Hour = Field(default=None, description="hour in which the signal was captured, like 2026-11-23T05:00Z")
    source: Annotated[Name | None, BeforeValidator(_blank)] = Field(default=None, description="source of the signal")
    niche: Annotated[Name | None, BeforeValidator(_blank)] = Field(default=None, description="the niche, in full")
    status: Annotated[IdeaStatus | None, BeforeValidator(_blank)] = Field(
        default=None, description="left out: every idea that has a mock-up, whatever its status"
    )
    sort: Sort = Field(default="newest", description="newest: the best of the newest hour first; score: the best first")
    after: After = Field(default=None, description="start behind this place: `next` of the page before")
    limit: int = Field(default=24, ge=1, le=96, description="ideas on a page")

    def narrowing(self) -> dict[str, str]:
        """The filters that leave something out, by name."""
        return {name: value for name, value in self._given().items() if name in ("hour", "source", "niche", "status")}

    def address(self) -> str:
        """The query string of these filters, with the place that they start behind."""
        return self.query(after=self._given().get("after"))

    def query(self, **changes: Any) -> str:
        """The query string of these filters with the changes; None takes one away. A change of filter starts over."""
        given = {k: v for k, v in self._given().items() if k != "after"} | changes
        text = urlencode({name: value for name, value in given.items() if value is not None})
        return f"?{text}" if text else ""

    def _given(self) -> dict[str, str]:
        return self.model_dump(mode="json", exclude_defaults=True)
