"""What is trending across sources, as a page and as JSON: from the cache, else from the record."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from pipeline.models import Model
from pipeline.scoring.hot_topics import MOST, HotHour, HotTopic
from resources.cache import Cache
from resources.store import Store
from web.views import html


class TopicPage(Model):
    """The hottest topics, best first."""

    hour: datetime | None = Field(description="the UTC hour at whose end they were ranked; null: none was yet")
    topics: tuple[HotTopic, ...]


def ago(moment: datetime, now: datetime) -> str:
    """How long ago that was, such as 5 h ago; what lies ahead is now."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} d ago"


def router(store: Store, cache: Cache) -> APIRouter:
    """The routes of the hot topics."""
    routes = APIRouter()

    def newest() -> HotHour | None:
        if (cached := cache.newest()) is not None:
            return cached
        with store.transaction() as tx:
            return tx.hot_topics.newest()

    @routes.get("/topics", response_class=HTMLResponse, include_in_schema=False)
    def page() -> HTMLResponse:
        """The hottest topics with what was measured of them."""
        return html("topics.html", hot=newest(), ago=partial(ago, now=datetime.now(UTC)))

    @routes.get("/api/topics", tags=["topics"])
    def topics(
        limit: Annotated[int, Query(ge=1, le=MOST, description="how many at most")] = MOST,
    ) -> TopicPage:
        """Topics trending across sources in the last 48 hours, best first. Ranked anew every hour."""
        hot = newest()
        return TopicPage(hour=hot.hour if hot else None, topics=hot.topics[:limit] if hot else ())

    return routes
