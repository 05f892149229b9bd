"""One file per source that can be read, one line each in PARSERS, under the name of the source."""

from __future__ import annotations

from pipeline.signals.parsers import calendar_events, nostalgia_topics, reddit_posts, webhook_events, youtube_videos
from pipeline.signals.parsers.base import Parser

PARSERS: dict[str, Parser] = {
    "calendar_events": calendar_events,
    "nostalgia_topics": nostalgia_topics,
    "reddit_posts": reddit_posts,
    "webhook_events": webhook_events,
    "youtube_videos": youtube_videos,
}
