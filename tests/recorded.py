"""Recorded data as the payloads of the official APIs: for tests, benchmarks and a replay of past days.

The files lie outside the repository, in `$ENGINE_SHARED/data` (default `../shared/data`). `available()` says whether
they are there; nothing of them is stored here.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import polars as pl

from pipeline.models import Json, Payload

ROOT = Path(__file__).resolve().parent.parent

YOUTUBE_CATEGORY_IDS = {
    "film": "1",
    "autos": "2",
    "music": "10",
    "pets": "15",
    "sports": "17",
    "gaming": "20",
    "people": "22",
    "comedy": "23",
    "entertainment": "24",
    "news": "25",
    "howto": "26",
    "education": "27",
    "science": "28",
}


def data_dir() -> Path:
    """The folder of recorded data."""
    return Path(os.environ.get("ENGINE_SHARED", ROOT.parent / "shared")) / "data"


def available() -> bool:
    """Whether the recorded data is on this machine."""
    return data_dir().is_dir()


def reddit_listing(captured_at: datetime = datetime(2020, 11, 16, 12, tzinfo=UTC)) -> Payload:
    """One untouched listing of a programming subreddit: 11 posts, the first of them pinned."""
    body = (data_dir() / "reddit_listing_json" / "sample_listing_javascript.json").read_bytes()
    return Payload(
        source="reddit_posts", captured_at=captured_at, body=body, url="https://oauth.reddit.com/r/javascript/hot"
    )


def reddit_cassettes() -> tuple[Payload, ...]:
    """The listings of the recorded conversations with Reddit's API, in the order of their time."""
    found = []
    for path in sorted((data_dir() / "reddit_recorded").glob("*.json")):
        for interaction in json.loads(path.read_text(encoding="utf-8"))["interactions"]:
            body = interaction["response"]["body"]["string"]
            if '"Listing"' in body[:200]:
                found.append(
                    Payload(
                        source="reddit_posts",
                        captured_at=datetime.fromisoformat(interaction["recorded_at"]).replace(tzinfo=UTC),
                        body=body.encode(),
                        url=interaction["request"]["uri"],
                    )
                )
    return tuple(sorted(found, key=lambda payload: payload.captured_at))


def youtube_days() -> tuple[date, ...]:
    """The days for which there is a chart, in order."""
    return tuple(sorted({date.fromisoformat(day) for day in _chart()["date"].unique()}))


def youtube_chart(day: date, category: str | None = None) -> Payload:
    """The US chart of a day as one `videos.list` document, captured when its first page was.

    A video that is in several charts of the day stands in the document as often. The general chart ("all") does not
    say a video's category: it is that of another chart of the day, or left out. Days are those of Korea, so that the
    capture may be on the day before in UTC.

    Args:
        day: one of `youtube_days()`.
        category: one chart alone, such as "pets"; None: all of them, one after the other.

    Raises:
        ValueError: there is no such chart.
    """
    rows = _chart().filter(pl.col("date") == day.isoformat())
    categories = {
        video: YOUTUBE_CATEGORY_IDS[chart]
        for video, chart in rows.select("video_id", "category").iter_rows()
        if chart in YOUTUBE_CATEGORY_IDS
    }
    if category is not None:
        rows = rows.filter(pl.col("category") == category)
    if rows.is_empty():
        raise ValueError(f"day={day}, category={category!r}: no chart was recorded; days are {youtube_days()}")
    # The pages of a day were fetched within minutes.
    captured_at = rows["collected_at"].dt.convert_time_zone("UTC").max()
    document = {
        "kind": "youtube#videoListResponse",
        "etag": f"recorded-{day}",
        "items": [_video(row, categories.get(row["video_id"])) for row in rows.iter_rows(named=True)],
        "pageInfo": {"totalResults": rows.height, "resultsPerPage": rows.height},
    }
    assert isinstance(captured_at, datetime)
    return Payload(
        source="youtube_videos",
        captured_at=captured_at,
        body=json.dumps(document, ensure_ascii=False).encode(),
        url="https://youtube.googleapis.com/youtube/v3/videos?chart=mostPopular&regionCode=US",
    )


def write_archive(folder: Path, payloads: tuple[Payload, ...]) -> None:
    """Lays payloads out as the source `recorded` reads them."""
    for payload in payloads:
        hour = folder / f"{payload.captured_at.astimezone(UTC):year=%Y/month=%m/day=%d/hour=%H}" / payload.source
        hour.mkdir(parents=True, exist_ok=True)
        file = hour / f"{payload.digest[:16]}.json"
        file.write_bytes(payload.body)
        sidecar = {
            "captured_at": payload.captured_at.isoformat(),
            "url": payload.url,
            "media_type": payload.media_type,
        }
        file.with_suffix(".meta.json").write_text(json.dumps(sidecar), encoding="utf-8")


@cache
def _chart() -> pl.DataFrame:
    return pl.read_parquet(data_dir() / "youtube_us_daily" / "popular_daily.parquet").filter(pl.col("region") == "US")


def _video(row: Json, category_id: str | None) -> Json:
    snippet = {
        "publishedAt": row["published_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "channelId": row["channel_id"],
        "title": row["title"],
        "channelTitle": row["channel_name"],
    }
    if category_id is not None:
        snippet["categoryId"] = category_id
    counters = {"viewCount": row["views"], "likeCount": row["likes"], "commentCount": row["comments"]}
    statistics = {name: str(value) for name, value in counters.items() if value is not None}
    return {"kind": "youtube#video", "id": row["video_id"], "snippet": snippet, "statistics": statistics}
