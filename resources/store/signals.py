"""Signals, every sighting of them, and what could not become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple
from uuid import UUID

import polars as pl
from psycopg.types.json import Jsonb

from pipeline.models import Event, Rejected, Signal, identity
from resources.store.events import Events
from resources.store.frames import UTC_TIME, frame
from resources.store.staging import Connection, stage
from resources.store.topics import Topics

SIGHTING_COLUMNS = {
    "id": "uuid",
    "content": "text",
    "source": "text",
    "external_id": "text",
    "url": "text",
    "category": "text",
    "published_at": "timestamptz",
    "captured_at": "timestamptz",
    "metadata": "jsonb",
    "content_hash": "text",
    "author": "text",
    "text_hash": "text",
    "likes": "int8",
    "comments": "int8",
    "views": "int8",
    "dislikes": "int8",
    "payload_uri": "text",
}
# The row tells of the first sighting, in whatever order the sightings are recorded.
RECORD_SIGNALS: LiteralString = """
INSERT INTO signals AS s
    (id, content, source, external_id, url, category, published_at, captured_at, metadata, content_hash, author,
    text_hash, topic_id)
SELECT DISTINCT ON (id)
    id, content, source, external_id, url, category, published_at, captured_at, metadata, content_hash, author,
    text_hash, id
FROM staged_sightings ORDER BY id, captured_at, position
ON CONFLICT (id) DO UPDATE SET
    content = excluded.content, url = excluded.url, category = excluded.category,
    published_at = excluded.published_at, captured_at = excluded.captured_at, metadata = excluded.metadata,
    author = excluded.author, text_hash = excluded.text_hash, recorded_seq = DEFAULT
WHERE excluded.captured_at < s.captured_at
RETURNING id, xmax = 0 AS is_new
"""
RECORD_OBSERVATIONS: LiteralString = """
INSERT INTO signal_observations (signal_id, captured_at, hour, likes, comments, views, dislikes, payload_uri)
SELECT id, captured_at, %(hour)s, max(likes), max(comments), max(views), max(dislikes), min(payload_uri)
FROM staged_sightings GROUP BY id, captured_at ORDER BY id, captured_at
ON CONFLICT (signal_id, captured_at) DO UPDATE SET
    likes = excluded.likes, comments = excluded.comments, views = excluded.views, dislikes = excluded.dislikes,
    payload_uri = excluded.payload_uri
"""
QUARANTINE_COLUMNS = {
    "payload_uri": "text",
    "item_index": "int4",
    "source": "text",
    "reason": "text",
    "excerpt": "text",
}
QUARANTINE: LiteralString = """
INSERT INTO quarantine (payload_uri, item_index, source, hour, reason, excerpt)
SELECT DISTINCT ON (payload_uri, item_index) payload_uri, item_index, source, %(hour)s, reason, excerpt
FROM staged_rejected ORDER BY payload_uri, item_index, position
ON CONFLICT (payload_uri, item_index) DO UPDATE SET reason = excluded.reason, excerpt = excluded.excerpt
"""
HOUR: LiteralString = """
SELECT DISTINCT ON (s.id) s.id::text, s.source, s.external_id, s.content, s.url, s.category, s.published_at,
    o.captured_at, s.metadata::text, o.likes, o.comments, o.views, o.dislikes, o.payload_uri, s.author,
    s.topic_id::text, s.topic_likeness
FROM signal_observations o JOIN signals s ON s.id = o.signal_id
WHERE o.hour = %(hour)s
ORDER BY s.id, o.captured_at DESC
"""
HOUR_SCHEMA = {
    "signal_id": pl.String(),
    "source": pl.String(),
    "external_id": pl.String(),
    "content": pl.String(),
    "url": pl.String(),
    "category": pl.String(),
    "published_at": UTC_TIME,
    "captured_at": UTC_TIME,
    "metadata": pl.String(),
    "likes": pl.Int64(),
    "comments": pl.Int64(),
    "views": pl.Int64(),
    "dislikes": pl.Int64(),
    "payload_uri": pl.String(),
    "author": pl.String(),
    "topic_id": pl.String(),
    "topic_likeness": pl.Float64(),
}
HISTORY: LiteralString = """
SELECT s.id::text, s.source, s.published_at, o.captured_at, o.likes, o.comments, o.views, o.dislikes
FROM signal_observations o JOIN signals s ON s.id = o.signal_id
WHERE o.hour BETWEEN %(after)s AND %(until)s AND o.captured_at > %(after)s AND o.captured_at < %(until)s
ORDER BY s.id, o.captured_at
"""
HISTORY_SCHEMA = {
    "signal_id": pl.String(),
    "source": pl.String(),
    "published_at": UTC_TIME,
    "captured_at": UTC_TIME,
    "likes": pl.Int64(),
    "comments": pl.Int64(),
    "views": pl.Int64(),
    "dislikes": pl.Int64(),
}
QUARANTINED: LiteralString = """
SELECT payload_uri, item_index, source, reason, excerpt FROM quarantine WHERE hour = %(hour)s
ORDER BY source, payload_uri, item_index
"""
QUARANTINED_SCHEMA = {
    "payload_uri": pl.String(),
    "item_index": pl.Int64(),
    "source": pl.String(),
    "reason": pl.String(),
    "excerpt": pl.String(),
}


class Recorded(NamedTuple):
    """What a batch of sightings came to."""

    new: int
    seen_again: int
    observations: int


class Signals:
    """Statements on `signals`, `signal_observations` and `quarantine`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.written: list[UUID] = []
        """Signals that this transaction recorded first, or an earlier sighting of."""

    def record(self, batch: Sequence[tuple[Signal, str]], hour: datetime) -> Recorded:
        """Write sightings, each with the URI of its payload, and `signal.ingested` for signals never seen before.

        The signal's row tells of its first sighting. Two sightings of a signal at one moment are one observation,
        with the larger of the counters.

        Args:
            batch: sightings captured within the hour.
            hour: the start of a UTC hour.
        """
        if not batch:
            return Recorded(0, 0, 0)
        # Of two that insert a row at one moment, the one that waits fails at content_hash: ON CONFLICT (id) ignores it.
        Topics(self._connection).hold()
        by_id: dict[UUID, Signal] = {}
        stage(self._connection, "staged_sightings", SIGHTING_COLUMNS, _rows(batch, by_id))
        written = self._connection.execute(RECORD_SIGNALS).fetchall()
        observations = self._connection.execute(RECORD_OBSERVATIONS, {"hour": hour}).rowcount
        fresh = [id_ for id_, is_new in written if is_new]
        batch_id = identity("hour", hour.isoformat())
        Events(self._connection).record(_ingested(id_, by_id[id_], batch_id) for id_ in fresh)
        self.written += [id_ for id_, _ in written]
        return Recorded(new=len(fresh), seen_again=len(by_id) - len(fresh), observations=observations)

    def quarantine(self, rows: Sequence[tuple[Rejected, str]], hour: datetime) -> int:
        """Keep items that could not become signals, each with the URI of its payload. Returns how many there are."""
        if not rows:
            return 0
        staged = ((uri, item.index, item.source, item.reason, item.excerpt) for item, uri in rows)
        stage(self._connection, "staged_rejected", QUARANTINE_COLUMNS, staged)
        return self._connection.execute(QUARANTINE, {"hour": hour}).rowcount

    def hour(self, hour: datetime) -> pl.DataFrame:
        """The signals seen in the hour, each with its latest observation there; columns of `HOUR_SCHEMA`."""
        return frame(self._connection, HOUR, {"hour": hour}, HOUR_SCHEMA)

    def history(self, hour: datetime, days: int = 7) -> pl.DataFrame:
        """All observations in (hour − days, hour + 1 h), by signal and time; columns of `HISTORY_SCHEMA`."""
        span = {"after": hour - timedelta(days=days), "until": hour + timedelta(hours=1)}
        return frame(self._connection, HISTORY, span, HISTORY_SCHEMA)

    def quarantined(self, hour: datetime) -> pl.DataFrame:
        """What was quarantined in the hour; columns of `QUARANTINED_SCHEMA`."""
        return frame(self._connection, QUARANTINED, {"hour": hour}, QUARANTINED_SCHEMA)


def _rows(batch: Sequence[tuple[Signal, str]], by_id: dict[UUID, Signal]) -> Iterator[tuple[object, ...]]:
    """The rows of sightings, whose signals are noted by their id: to hash a hundred thousand again takes a second."""
    for signal, payload_uri in batch:
        id_, counters = signal.id, signal.counters
        by_id[id_] = signal
        yield (
            *(id_, signal.content, signal.source, signal.external_id, signal.url, signal.category),
            *(signal.published_at, signal.captured_at, Jsonb(signal.metadata), signal.content_hash),
            *(signal.author, signal.text_hash),
            *(counters.likes, counters.comments, counters.views, counters.dislikes, payload_uri),
        )


def _ingested(id_: UUID, signal: Signal, correlation_id: UUID) -> Event:
    data = {"signalId": str(id_), "source": signal.source, "content": signal.content, "url": signal.url}
    return Event(
        event_type="signal.ingested", source="raw_signals", subject=id_, data=data, correlation_id=correlation_id
    )
