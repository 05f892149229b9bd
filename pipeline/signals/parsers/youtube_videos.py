"""YouTube: a `videos.list` response, as `chart=mostPopular` answers."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator, Field

from pipeline.models import Counters, Json, Payload, Signal
from pipeline.signals.parsers.base import DigitCount, RawItem, RefusedError, WrittenTime, document_list, named
from pipeline.signals.text import Headline, Text, whole, without_accounts

ACCOUNT_FIELDS = frozenset({"channelTitle", "channelId"})

CATEGORIES = {
    "1": "Film & Animation",
    "2": "Autos & Vehicles",
    "10": "Music",
    "15": "Pets & Animals",
    "17": "Sports",
    "19": "Travel & Events",
    "20": "Gaming",
    "22": "People & Blogs",
    "23": "Comedy",
    "24": "Entertainment",
    "25": "News & Politics",
    "26": "Howto & Style",
    "27": "Education",
    "28": "Science & Technology",
    "29": "Nonprofits & Activism",
}
"""Names of the categories that videos can be put in, as `videoCategories.list` gives them for the US."""

MAX_TAGS = 30


class Snippet(RawItem):
    """What the video says of itself."""

    title: Headline
    publishedAt: WrittenTime  # noqa: N815 - the API's name
    categoryId: Annotated[str, Field(strict=True, pattern=r"^[0-9]{1,4}$")] | None = None  # noqa: N815
    channelTitle: Annotated[str, Field(strict=True)] = ""  # noqa: N815
    tags: tuple[Text, ...] = ()


class Statistics(RawItem):
    """Lifetime counters; a channel may hide any of them."""

    viewCount: DigitCount | None = None  # noqa: N815
    likeCount: DigitCount | None = None  # noqa: N815
    commentCount: DigitCount | None = None  # noqa: N815


def _page_name(url: str) -> str:
    return whole(unquote(url.rpartition("/wiki/")[2]).replace("_", " "))


class TopicDetails(RawItem):
    """What YouTube takes the video to be about: addresses of pages of Wikipedia, validated to their names."""

    topicCategories: tuple[Annotated[str, Field(strict=True), AfterValidator(_page_name)], ...] = ()  # noqa: N815


class Video(RawItem):
    """An item of the list."""

    id: Annotated[str, Field(strict=True, pattern=r"^[0-9A-Za-z_-]{1,64}$")]
    snippet: Snippet
    statistics: Statistics
    topicDetails: TopicDetails | None = None  # noqa: N815


def accounts(item: object) -> list[str]:
    """The channel: by its id where there is one, and by its name."""
    return named(item, "snippet.channelId", "snippet.channelTitle")


def items(text: str) -> list[object]:
    """The items of the list."""
    return document_list(text, "items")


def signal(item: object, payload: Payload) -> Signal:
    """A video as a signal. The name of its channel is taken out of the title and the tags."""
    video = Video.model_validate(item)
    channel = video.snippet.channelTitle.strip()
    content = without_accounts(video.snippet.title, channel)
    if len(content) < 2:
        raise RefusedError("snippet.title: nothing is left of it without the name of the channel")
    category = video.snippet.categoryId
    return Signal(
        source=payload.source,
        external_id=video.id,
        content=content,
        url=f"https://www.youtube.com/watch?v={video.id}",
        category=CATEGORIES.get(category, category) if category else None,
        published_at=video.snippet.publishedAt,
        captured_at=payload.captured_at,
        counters=Counters(
            likes=video.statistics.likeCount, comments=video.statistics.commentCount, views=video.statistics.viewCount
        ),
        metadata=_metadata(video, channel),
    )


def _metadata(video: Video, channel: str) -> Json:
    facts: Json = {"kind": "post"}
    kept = [kept for tag in video.snippet.tags[:MAX_TAGS] if (kept := without_accounts(tag, channel))]
    if kept:
        facts["tags"] = kept
    if video.topicDetails and video.topicDetails.topicCategories:
        facts["topics"] = list(video.topicDetails.topicCategories[:MAX_TAGS])
    return facts
