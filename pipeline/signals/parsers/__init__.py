"""One file per source that can be read, one line each in PARSERS, under the name of the source."""

from __future__ import annotations

from pipeline.signals.parsers import (
    bluesky_trends,
    calendar_events,
    google_trends,
    hackernews_stories,
    instagram_hashtags,
    mastodon_trends,
    nostalgia_topics,
    reddit_posts,
    tiktok_hashtags,
    webhook_events,
    wikipedia_topics,
    youtube_videos,
)
from pipeline.signals.parsers.base import Parser

PARSERS: dict[str, Parser] = {
    "bluesky_trends": bluesky_trends,
    "calendar_events": calendar_events,
    "google_trends": google_trends,
    "hackernews_stories": hackernews_stories,
    "instagram_hashtags": instagram_hashtags,
    "mastodon_trends": mastodon_trends,
    "nostalgia_topics": nostalgia_topics,
    "reddit_posts": reddit_posts,
    "tiktok_hashtags": tiktok_hashtags,
    "webhook_events": webhook_events,
    "wikipedia_topics": wikipedia_topics,
    "youtube_videos": youtube_videos,
}
