"""Which topics are trending across sources, best first: how fast they go, where, since when.

What belongs here: the ranking and what was measured for it. What does not: which signals make a topic (`signals.kin`),
and how a pace is measured (`pace`). The rule and its reasons: docs/hot-topics.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl
from pydantic import AwareDatetime, Field

from pipeline.models import Model
from pipeline.scoring import growth, pace

SPAN = timedelta(hours=48)
MOST = 100
"""Topics of an hour."""


class Counts(Model):
    """The counters of an item as last seen; null where the source gives none."""

    likes: int | None
    comments: int | None
    views: int | None


class Usual(Model):
    """The usual pace of a source: over the 7 days before, in interactions per minute."""

    median: float
    mad: float = Field(description="median absolute deviation")
    signals: int = Field(description="how many it is the median of")


class Evidence(Model):
    """What was measured at a source, of the topic's fastest item there."""

    signals: int = Field(description="the topic's items at the source")
    content: str
    url: str | None
    counters: Counts
    pace_per_minute: float | None = Field(description="likes, comments and views per minute; null: not measurable")
    usual: Usual | None = Field(description="null: too few signals of the source to say")
    z: float | None = Field(description="spreads above the usual, of logarithms; null without pace or usual")


class HotTopic(Model):
    """A topic in its place."""

    rank: int = Field(description="1 is the hottest")
    topic_id: UUID
    title: str = Field(description="the words of its first signal")
    sources: tuple[str, ...] = Field(description="where it was seen, the fastest first")
    signals: int = Field(description="distinct items that tell of it")
    authors: int = Field(description="distinct accounts, where sources name them")
    first_seen: AwareDatetime = Field(description="first sighting of all")
    last_seen: AwareDatetime
    velocity: float | None = Field(
        description="robust z of what its fastest item should gather, against its source's usual; null: not known"
    )
    evidence: dict[str, Evidence] = Field(description="by source")


class HotHour(Model):
    """What was trending at the end of an hour."""

    hour: AwareDatetime
    topics: tuple[HotTopic, ...]


def hot_topics(seen: pl.DataFrame, history: pl.DataFrame, now: datetime, most: int = MOST) -> list[HotTopic]:
    """The topics of the SPAN before `now`, ranked by heat = sources · (1 + max(velocity, 0)).

    Topics without a velocity come after all others. Equals are in the order of velocity, sources, signals, authors,
    latest sighting, id. Nothing after `now` is looked at.

    Args:
        seen: Observations of undated signals: topic_id, title and began_at (the words of the topic's first signal, and
            when that was first seen), signal_id, source, content, url, author, published_at, captured_at, likes,
            comments, views.
        history: Observations of the 7 days before, as for `pace.observations`: what is usual comes of them.
        now: The moment it is looked at.
        most: How many at most.
    """
    items = (
        seen.filter(pl.col("captured_at") > now - SPAN, pl.col("captured_at") <= now)
        .sort("signal_id", "captured_at")
        .unique("signal_id", keep="last", maintain_order=True)
    )
    growing = growth.measures(seen, history, now).drop("source", *pace.TOLD)
    measured = items.join(growing, on="signal_id", how="left").sort(
        ["topic_id", "z", "pace", "captured_at", "signal_id"], descending=[False, True, True, True, False],
        nulls_last=True,
    )  # fmt: skip
    first = pl.col("began_at").arg_min()
    topics = (
        measured.group_by("topic_id", maintain_order=True)
        .agg(
            pl.col("title").get(first),
            sources=pl.col("source").unique(maintain_order=True),
            signals=pl.len(),
            authors=pl.col("author").drop_nulls().n_unique(),
            first_seen=pl.col("began_at").min(),
            last_seen=pl.col("captured_at").max(),
            velocity=pl.col("z").max(),
        )
        .with_columns(breadth=pl.col("sources").list.len())
        .with_columns(heat=pl.col("breadth") * (1 + pl.col("velocity").clip(0)))
        .sort(
            ["heat", "velocity", "breadth", "signals", "authors", "last_seen", "topic_id"],
            descending=[True] * 6 + [False],
            nulls_last=True,
        )
        .drop("breadth", "heat")
        .head(most)
    )
    fastest = _fastest(measured.filter(pl.col("topic_id").is_in(topics["topic_id"].to_list())))
    return [
        HotTopic.model_validate({"rank": rank, **row, "evidence": fastest[row["topic_id"]]})
        for rank, row in enumerate(topics.to_dicts(), 1)
    ]


def _fastest(measured: pl.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """Topic → source → evidence of the first item there, in the order of the frame."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    by_source = measured.with_columns(items=pl.len().over("topic_id", "source")).unique(
        ["topic_id", "source"], keep="first", maintain_order=True
    )
    for row in by_source.to_dicts():
        usual = {"median": row["usual"], "mad": row["usual_mad"], "signals": row["n"]}
        found.setdefault(row["topic_id"], {})[row["source"]] = {
            "signals": row["items"],
            "content": row["content"],
            "url": row["url"],
            "counters": {name: row[name] for name in pace.COUNTERS},
            "pace_per_minute": row["pace"],
            "usual": None if row["n"] is None else usual,
            "z": row["z"],
        }
    return found
