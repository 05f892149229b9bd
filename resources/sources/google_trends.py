"""Google Trends: the RSS feed of trending searches, one request for each region."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.models import Payload
from pipeline.signals.parsers.base import RefusedError
from pipeline.signals.parsers.google_trends import feed
from resources.errors import PermanentError, TransientError
from resources.fetching import Web
from resources.sources.base import SourceSpec, require_running


class GoogleTrends:
    """What many search for of a sudden, by region.

    Args:
        regions: ISO 3166-1 or -2 codes, such as US or US-NY.
        base_url: where the feed lies.
    """

    name = "google_trends"
    spec = SourceSpec(
        cadence="hourly; a feed holds some ten searches of the last day and changes several times an hour",
        credentials=("ENGINE_CONTACT",),
        requests_per_minute=6,
        terms="no official public API: the one of 2025 is an alpha for invited testers. The RSS feed is what the site "
        "offers without an account; Google's terms of service hold, and forbid what harms the service. Searches are "
        "facts; headlines beside them belong to their publishers and are used for matching only",
        counters="views: searches since the trend began, a lower bound in steps (200+, 500+, 1,000+ …), so it stands "
        "still and then jumps; likes, comments: none",
        history="none: the feed knows only the present",
        live=True,
    )

    def __init__(self, regions: Sequence[str], *, base_url: str = "https://trends.google.com") -> None:
        self.regions = tuple(regions)
        self.base_url = base_url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """One feed for each region.

        Raises:
            PermanentError: ENGINE_TRENDS_REGIONS names what is no region, or none; the hour is over; a refusal.
            TransientError: no answer, or one that is no whole feed.
            WaitingError: the source's circuit is open.
        """
        require_running(hour, now, self.name)
        wrong = [region for region in self.regions if not re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", region)]
        if wrong or not self.regions:
            value = ",".join(self.regions)
            raise PermanentError(f"ENGINE_TRENDS_REGIONS={value!r}: name ISO 3166 codes, such as US,GB or US-NY")
        for region in self.regions:
            url = f"{self.base_url}/trending/rss"
            answer = web.get(url, params={"geo": region}, expect="xml")
            try:
                feed(answer.body.decode("utf-8-sig", errors="replace"))
            except RefusedError as error:
                raise TransientError(f"{self.name}: {url}?geo={region}: {error}") from error
            yield Payload(
                source=self.name,
                captured_at=now,
                body=answer.body,
                media_type=answer.media_type,
                url=f"{url}?geo={region}",
            )
