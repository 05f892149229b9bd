"""Bluesky: trending topics. The stream of posts (Jetstream) is no matter of an hourly fetch and is not read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipeline.models import Payload
from resources.fetching import Web
from resources.sources.base import SourceSpec, require_running

LIMIT = 25
"""The most that one answer gives."""

METHOD = "/xrpc/app.bsky.unspecced.getTrends"


class BlueskyTrends:
    """What Bluesky itself shows as trending.

    Args:
        base_url: of the public AppView.
    """

    name = "bluesky_trends"
    spec = SourceSpec(
        cadence="hourly; the list changes several times an hour",
        credentials=("ENGINE_CONTACT",),
        requests_per_minute=30,
        terms="public API without an account; `unspecced` means that it may change or vanish without notice. Actors in "
        "the answer are people and are not kept",
        counters="comments: posts about the topic since it began to trend; likes, views: none",
        history="none: it knows only the present",
        live=True,
    )

    def __init__(self, *, base_url: str = "https://public.api.bsky.app") -> None:
        self.base_url = base_url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """One list.

        Raises:
            PermanentError: the hour is over, or the method is gone.
            TransientError: no answer, or not JSON.
            WaitingError: the source's circuit is open.
        """
        require_running(hour, now, self.name)
        url = f"{self.base_url}{METHOD}"
        answer = web.get(url, params={"limit": LIMIT})
        yield Payload(source=self.name, captured_at=now, body=answer.body, media_type=answer.media_type, url=url)
