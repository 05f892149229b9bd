"""Where signals come from: one file per source, one line each in `sources`.

A source only fetches. Reading its payload into signals is a parser of the same name in `pipeline.signals.parsers`,
so that an archived payload runs the same way as a live one.
"""

from __future__ import annotations

from pydantic import SecretStr

from resources.settings import Settings, names
from resources.sources.base import Source, SourceSpec
from resources.sources.bluesky_trends import BlueskyTrends
from resources.sources.calendar_events import CalendarEvents
from resources.sources.google_trends import GoogleTrends
from resources.sources.hackernews_stories import HackernewsStories
from resources.sources.instagram_hashtags import InstagramHashtags
from resources.sources.mastodon_trends import MastodonTrends
from resources.sources.nostalgia_topics import NostalgiaTopics
from resources.sources.recorded import Recorded
from resources.sources.reddit_posts import RedditPosts
from resources.sources.tiktok_hashtags import TiktokHashtags
from resources.sources.wikipedia_topics import WikipediaTopics
from resources.sources.youtube_videos import YoutubeVideos
from resources.vault import vault

__all__ = ["Source", "SourceSpec", "sources"]


def sources(settings: Settings) -> tuple[Source, ...]:
    """Every source, as configured, on or off. Nothing is fetched or opened yet."""
    return (
        CalendarEvents(settings.country_codes),
        NostalgiaTopics(),
        Recorded(
            settings.recorded_url or str(settings.data_dir / "recorded"),
            settings.object_store_endpoint,
            unseal=lambda sealed: vault(settings).open(sealed),
        ),
        WikipediaTopics(names(settings.wikipedia_languages)),
        GoogleTrends(names(settings.trends_regions.upper())),
        HackernewsStories(),
        MastodonTrends(names(settings.mastodon_instances.lower())),
        BlueskyTrends(),
        RedditPosts(settings.reddit_client_id, settings.reddit_client_secret, names(settings.reddit_subreddits)),
        YoutubeVideos(settings.youtube_api_key, names(settings.youtube_regions), names(settings.youtube_categories)),
        InstagramHashtags(
            settings.instagram_access_token, settings.instagram_user_id, names(settings.instagram_hashtags)
        ),
        TiktokHashtags(settings.tiktok_browser, _secrets(settings.tiktok_proxies), settings.contact),
    )


def _secrets(listed: SecretStr | None) -> tuple[SecretStr, ...]:
    return tuple(map(SecretStr, names(listed.get_secret_value()))) if listed else ()
