"""YouTube: the charts of most popular videos, over the official Data API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from pipeline.models import Payload
from resources.errors import PermanentError
from resources.fetching import Web
from resources.fetching.adapters import GoogleHttp
from resources.fetching.base import Quota
from resources.sources.base import SourceSpec, require_running

PARTS = "snippet,statistics,topicDetails"
PAGE = 50
"""Videos a page, the most that the API gives."""

PAGES = 4
"""A chart ends at 200 videos."""


class YoutubeVideos:
    """The charts of the configured regions and categories.

    Args:
        api_key: of a Google Cloud project with the YouTube Data API v3 enabled.
        regions: ISO 3166 alpha-2 codes.
        categories: ids of video categories; none: the chart of all of them.
        base_url: where the API answers, if not at Google.
    """

    name = "youtube_videos"
    spec = SourceSpec(
        cadence="hourly; a chart moves within hours",
        credentials=("YOUTUBE_API_KEY", "ENGINE_CONTACT"),
        requests_per_minute=60,
        quota=Quota(units=10_000, window=timedelta(days=1)),
        terms="YouTube API Services Terms of Service: free of charge within the quota; data older than 30 days must be "
        "refreshed or deleted. Titles belong to their authors: evidence of a trend, never text for a product. Since "
        "2025-07-21 the chart mostPopular holds Trending Music, Movies and Gaming alone: what trends elsewhere on "
        "YouTube is not to be had",
        counters="lifetime views, likes and comments; a channel may hide likes and comments",
        history="none: the charts of the past are not kept",
        live=True,
    )

    def __init__(
        self,
        api_key: SecretStr | None,
        regions: Sequence[str] = ("US",),
        categories: Sequence[str] = (),
        *,
        base_url: str | None = None,
    ) -> None:
        self._api_key = api_key
        self.regions = tuple(region.upper() for region in regions)
        self.categories = tuple(categories)
        self._base_url = base_url

    def fetch(self, hour: datetime, now: datetime, web: Web) -> Iterable[Payload]:
        """One payload a page, up to PAGES pages a chart.

        Raises:
            PermanentError: the hour is over; the key is missing or refused; or a chart does not exist.
            TransientError, WaitingError: as `web`.
        """
        require_running(hour, now, self.name)
        if self._api_key is None:
            raise PermanentError("YOUTUBE_API_KEY: set it to the key of a project with the YouTube Data API v3 enabled")
        http = GoogleHttp(web, {"X-Goog-Api-Key": self._api_key.get_secret_value()})
        videos = self._videos(http)
        for region in self.regions:
            for category in self.categories or (None,):
                request = videos.list(
                    part=PARTS, chart="mostPopular", regionCode=region, videoCategoryId=category, maxResults=PAGE
                )
                for _ in range(PAGES):
                    page = request.execute()
                    answer = http.answers[-1]
                    yield Payload(
                        source=self.name,
                        captured_at=now,
                        body=answer.body,
                        media_type=answer.media_type,
                        url=answer.url,
                    )
                    request = videos.list_next(request, page) if isinstance(page, dict) else None
                    if request is None:
                        break

    def _videos(self, http: GoogleHttp) -> Any:
        from googleapiclient.discovery import build  # noqa: PLC0415 - heavy

        # The description of the API comes with the library: nothing is downloaded.
        options = {"api_endpoint": self._base_url} if self._base_url else None
        return build(
            "youtube", "v3", http=http, static_discovery=True, cache_discovery=False, client_options=options
        ).videos()
