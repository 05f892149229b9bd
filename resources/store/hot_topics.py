"""What was trending at the end of an hour: what it is ranked from, and the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString

import polars as pl
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from pipeline.scoring.hot_topics import MOST, SPAN, HotHour, HotTopic
from resources.store.frames import UTC_TIME, frame
from resources.store.staging import Connection
from resources.store.topics import UNDATED

# A topic whose first signal was erased begins with the first one that is left.
OBSERVED: LiteralString = f"""
SELECT DISTINCT ON (s.id) s.topic_id::text, coalesce(f.content, s.content), coalesce(f.captured_at, s.captured_at),
    s.id::text, s.source, s.content, s.url, s.author, s.published_at, o.captured_at, o.likes, o.comments, o.views,
    o.dislikes
FROM signal_observations o JOIN signals s ON s.id = o.signal_id LEFT JOIN signals f ON f.id = s.topic_id
WHERE o.hour BETWEEN %(after)s AND %(until)s AND o.captured_at > %(after)s AND o.captured_at <= %(until)s AND {UNDATED}
ORDER BY s.id, o.captured_at DESC
"""  # noqa: S608
OBSERVED_SCHEMA = {
    "topic_id": pl.String(),
    "title": pl.String(),
    "began_at": UTC_TIME,
    "signal_id": pl.String(),
    "source": pl.String(),
    "content": pl.String(),
    "url": pl.String(),
    "author": pl.String(),
    "published_at": UTC_TIME,
    "captured_at": UTC_TIME,
    "likes": pl.Int64(),
    "comments": pl.Int64(),
    "views": pl.Int64(),
    "dislikes": pl.Int64(),
}
RECORD: LiteralString = """
INSERT INTO hot_topics
    (hour, rank, topic_id, title, sources, signals, authors, first_seen, last_seen, velocity, evidence)
VALUES (%(hour)s, %(rank)s, %(topic_id)s, %(title)s, %(sources)s, %(signals)s, %(authors)s, %(first_seen)s,
    %(last_seen)s, %(velocity)s, %(evidence)s)
ON CONFLICT (hour, rank) DO UPDATE SET
    topic_id = excluded.topic_id, title = excluded.title, sources = excluded.sources, signals = excluded.signals,
    authors = excluded.authors, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
    velocity = excluded.velocity, evidence = excluded.evidence
"""
CUT: LiteralString = "DELETE FROM hot_topics WHERE hour = %(hour)s AND rank > %(count)s"
COUNT: LiteralString = "SELECT count(*) FROM hot_topics WHERE hour = %(hour)s"
NEWEST: LiteralString = """
SELECT hour, rank, topic_id, title, sources, signals, authors, first_seen, last_seen, velocity, evidence
FROM hot_topics WHERE hour = (SELECT max(hour) FROM hot_topics) ORDER BY rank LIMIT %(limit)s
"""


class HotTopics:
    """Statements on `hot_topics`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def observed(self, hour: datetime) -> pl.DataFrame:
        """The undated signals seen in the SPAN before the hour's end, each with its latest observation there.

        Columns of `OBSERVED_SCHEMA`: those that `pipeline.scoring.hot_topics` ranks by.
        """
        until = hour + timedelta(hours=1)
        return frame(self._connection, OBSERVED, {"after": until - SPAN, "until": until}, OBSERVED_SCHEMA)

    def record(self, hour: datetime, topics: Sequence[HotTopic]) -> None:
        """Write the hour's ranking in place of the one that was there.

        Args:
            hour: the start of a UTC hour.
            topics: ranked 1, 2, 3 …
        """
        rows = [
            {
                **dict(topic),
                "hour": hour,
                "sources": list(topic.sources),
                "evidence": Jsonb({source: told.model_dump() for source, told in topic.evidence.items()}),
            }
            for topic in topics
        ]
        with self._connection.cursor() as cursor:
            cursor.executemany(RECORD, rows)
        self._connection.execute(CUT, {"hour": hour, "count": len(rows)})

    def count(self, hour: datetime) -> int:
        """How many topics the hour's ranking has."""
        (rows,) = self._connection.execute(COUNT, {"hour": hour}).fetchall()[0]
        return int(rows)

    def newest(self, limit: int = MOST) -> HotHour | None:
        """The first topics of the newest ranking that has any; None where there is none."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(NEWEST, {"limit": limit}).fetchall()
        if not rows:
            return None
        hours = [row.pop("hour") for row in rows]
        return HotHour(hour=hours[0], topics=tuple(HotTopic.model_validate(row) for row in rows))
