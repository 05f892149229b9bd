"""How each source did in each hour, and what it said last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row

from pipeline.signals.health import HealthRow, Outcome
from resources.store.staging import Connection

RECORD: LiteralString = """
INSERT INTO source_health AS h (source, hour, outcome, attempted_at, error_class, error, payloads, bytes, lag_seconds,
    duration_ms, waiting_until)
VALUES (%(source)s, %(hour)s, %(outcome)s, %(attempted_at)s, %(error_class)s, %(error)s, %(payloads)s, %(bytes)s,
    %(lag_seconds)s, %(duration_ms)s, %(waiting_until)s)
ON CONFLICT (source, hour) DO UPDATE SET attempts = h.attempts + 1, attempted_at = excluded.attempted_at
"""
# An hour that was heard stays heard, whatever a later try of it comes to.
OUTCOME: LiteralString = """
UPDATE source_health SET outcome = %(outcome)s, error_class = %(error_class)s, error = %(error)s,
    payloads = %(payloads)s, bytes = %(bytes)s, lag_seconds = %(lag_seconds)s, duration_ms = %(duration_ms)s,
    waiting_until = %(waiting_until)s
WHERE source = %(source)s AND hour = %(hour)s AND (outcome NOT IN ('ok', 'unchanged') OR %(outcome)s = 'ok')
"""
COUNT: LiteralString = """
UPDATE source_health SET items = %(items)s, refused = %(refused)s, purged = %(purged)s,
    newest_item_at = %(newest_item_at)s
WHERE source = %(source)s AND hour = %(hour)s
"""
ROWS: LiteralString = """
SELECT source, hour, outcome, attempts, attempted_at, error_class, error, payloads, bytes, items, refused, purged,
    newest_item_at, lag_seconds, duration_ms, waiting_until
FROM source_health WHERE hour > %(after)s AND hour <= %(hour)s ORDER BY source, hour
"""
SAID: LiteralString = "SELECT request, digest, hour FROM source_digests WHERE source = %(source)s"
REMEMBER: LiteralString = """
INSERT INTO source_digests (source, request, digest, hour) VALUES (%(source)s, %(request)s, %(digest)s, %(hour)s)
ON CONFLICT (source, request) DO UPDATE SET digest = excluded.digest, hour = excluded.hour
"""
WEEK = timedelta(days=7)


class Attempt(NamedTuple):
    """What came of asking a source for an hour."""

    outcome: Outcome
    at: datetime
    """When it had answered, or given up."""
    duration_ms: int
    payloads: int = 0
    bytes: int = 0
    error_class: str | None = None
    error: str | None = None
    waiting_until: datetime | None = None
    """When it may be asked again; of `waiting` alone."""


class Counts(NamedTuple):
    """What was read of a source's payloads of an hour."""

    items: int
    refused: int
    purged: int
    newest_item_at: datetime | None


class Said(NamedTuple):
    """The last payload of a request: its digest, and the hour it was landed for."""

    digest: str
    hour: datetime


class Health:
    """Statements on `source_health` and `source_digests`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, source: str, hour: datetime, attempt: Attempt) -> None:
        """Write what came of asking the source for the hour; an hour that was heard once stays heard.

        Args:
            source: its name.
            hour: the start of a UTC hour.
            attempt: how it was asked, and what came of it.
        """
        values = {
            "source": source,
            "hour": hour,
            "attempted_at": attempt.at,
            # The clock of the machine that asks may lag behind that of the one that sent it.
            "lag_seconds": max((attempt.at - hour).total_seconds(), 0),
            **{name: value for name, value in attempt._asdict().items() if name != "at"},
        }
        self._connection.execute(RECORD, values)
        self._connection.execute(OUTCOME, values)

    def count(self, hour: datetime, counts: Mapping[str, Counts]) -> None:
        """Write what was read of the hour's payloads, by the payloads' source; who was not asked has no row to fill."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                COUNT, [{"source": source, "hour": hour, **found._asdict()} for source, found in counts.items()]
            )

    def rows(self, hour: datetime, span: timedelta = WEEK) -> list[HealthRow]:
        """The rows of all sources in (hour − span, hour], by source and hour."""
        with self._connection.cursor(row_factory=class_row(HealthRow)) as cursor:
            return cursor.execute(ROWS, {"hour": hour, "after": hour - span}).fetchall()

    def said(self, source: str) -> dict[str, Said]:
        """The last payload of each request of the source."""
        found = self._connection.execute(SAID, {"source": source}).fetchall()
        return {request: Said(digest, hour) for request, digest, hour in found}

    def remember(self, source: str, hour: datetime, digests: Mapping[str, str]) -> None:
        """Write the last payload of each request: request → digest."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                REMEMBER,
                [
                    {"source": source, "hour": hour, "request": request, "digest": digest}
                    for request, digest in digests.items()
                ],
            )
