"""Hacker News: the first stories of the list of top stories."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from pipeline.models import Payload
from resources.errors import TransientError
from resources.fetching import Web
from resources.sources.base import SourceSpec, require_running

STORIES = 60
"""Two pages of the site; what stands lower gets hardly any votes."""


class HackernewsStories:
    """The top stories, in their order.

    The API gives one item per request. One payload holds the hour's items: a JSON list in which each item's bytes stand
    as they were answered, so that their order is kept and an hour is one object of the archive, not sixty.

    Args:
        base_url: of the API.
    """

    name = "hackernews_stories"
    spec = SourceSpec(
        cadence="hourly; the list changes every minute",
        credentials=("ENGINE_CONTACT",),
        requests_per_minute=120,
        terms="official public API without an account and, at present, without a rate limit; 61 requests an hour are "
        "made. Titles belong to their authors: designs use what they speak of, never a title",
        counters="likes: points (votes up less votes down, adjusted by the site); comments: comments; views: none",
        history="items can be asked for at any time, but with the counters of the present; the past order of the list "
        "can't be had",
        live=True,
    )

    def __init__(self, *, base_url: str = "https://hacker-news.firebaseio.com") -> None:
        self.base_url = base_url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """One payload: the list of the first STORIES items.

        Raises:
            PermanentError: the hour is over, or a refusal.
            TransientError: no answer, not JSON, or no list of ids.
            WaitingError: the source's circuit is open.
        """
        require_running(hour, now, self.name)
        url = f"{self.base_url}/v0/topstories.json"
        ids = json.loads(web.get(url).body)
        if not isinstance(ids, list) or not all(type(each) is int for each in ids):
            raise TransientError(f"{self.name}: {url} answered no list of ids")
        found = [web.get(f"{self.base_url}/v0/item/{each}.json").body.strip() for each in ids[:STORIES]]
        yield Payload(source=self.name, captured_at=now, body=b"[" + b",\n".join(found) + b"]", url=url)
