"""Hot runs' side of `webhook_inbox`: what waits, who took it, and what became of it.

What belongs here: taking, giving back, ending, and the signals of a batch. What does not: receiving (`inbox.py`), and
when a hot run starts (`sensors/hot_signals.py`).

A row goes received → taken → processed, or → refused after MAX_ATTEMPTS. Who took it is a Dagster run; a row whose run
is no longer going may be taken again, by a run for the same hour, so that a crash leads to the same ideas and not to
another hour's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple
from uuid import UUID

import polars as pl
import psycopg
from psycopg.rows import class_row

from pipeline.models import Json, identity
from pipeline.signals.parsers.webhook_events import Received
from resources.errors import TransientError
from resources.postgres import connection_error
from resources.store.frames import frame
from resources.store.inbox import CHANNEL
from resources.store.signals import HISTORY_SCHEMA, HOUR_SCHEMA
from resources.store.staging import Connection

MAX_ATTEMPTS = 5
MAX_TAKEN = 1000
"""The most rows that one run takes."""
SHARED_ATTEMPTS = 2
"""A row that was tried so often is tried alone from then on, so that what breaks a run breaks no one else's."""

SPIKE = "spike"
"""The source of rows that the engine writes itself."""

WAITING: LiteralString = """
SELECT hour, run_id, count(*) AS rows FROM webhook_inbox WHERE status IN ('received', 'taken')
GROUP BY hour, run_id ORDER BY hour NULLS LAST, run_id
"""
REFUSE: LiteralString = """
UPDATE webhook_inbox SET status = 'refused', processed_at = now(),
    error = format('tried %%s times, and no run came to its end; the last one is %%s', attempts, run_id)
WHERE status = 'taken' AND attempts >= %(most)s AND run_id <> ALL(%(going)s)
"""
# What a run died with comes before what is new, and as the batch that it was, so that the same is landed again.
TAKE: LiteralString = """
WITH left_behind AS (
    SELECT id, run_id, attempts, received_at FROM webhook_inbox
    WHERE status = 'taken' AND hour = %(hour)s AND run_id <> ALL(%(going)s)
    ORDER BY attempts DESC, received_at, id FOR UPDATE SKIP LOCKED),
first AS (SELECT * FROM left_behind ORDER BY attempts DESC, received_at, id LIMIT 1),
new AS (
    SELECT id FROM webhook_inbox
    WHERE status = 'received' AND received_at < %(hour)s + interval '1 hour' AND NOT EXISTS (SELECT FROM first)
    ORDER BY received_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
mine AS (
    SELECT id FROM new
    UNION ALL
    SELECT l.id FROM left_behind l, first f
    WHERE CASE WHEN f.attempts < %(shared)s THEN l.run_id = f.run_id ELSE l.id = f.id END)
UPDATE webhook_inbox w SET status = 'taken', run_id = %(run_id)s, hour = %(hour)s, attempts = w.attempts + 1
FROM mine WHERE w.id = mine.id
"""
BATCH: LiteralString = """
SELECT id, source, webhook_id, received_at, body, signal_ids FROM webhook_inbox
WHERE run_id = %(run_id)s AND status = 'taken' ORDER BY received_at, id
"""
SIGNAL_IDS: LiteralString = """
SELECT DISTINCT unnest(signal_ids) FROM webhook_inbox WHERE run_id = %(run_id)s AND status = 'taken'
"""
BRING: LiteralString = "UPDATE webhook_inbox SET signal_ids = %(signals)s WHERE id = %(id)s"
FINISH: LiteralString = """
UPDATE webhook_inbox SET status = 'processed', processed_at = now() WHERE run_id = %(run_id)s AND status = 'taken'
"""
SPIKES: LiteralString = """
INSERT INTO webhook_inbox (id, source, webhook_id, headers, body, signal_ids)
VALUES (%(id)s, %(source)s, %(webhook_id)s, '{}', %(body)s, %(signals)s)
ON CONFLICT (source, webhook_id) DO NOTHING
"""
NOTIFY: LiteralString = "SELECT pg_notify(%(channel)s, '')"
SIGNALS: LiteralString = """
SELECT DISTINCT ON (s.id) s.id::text, s.source, s.external_id, s.content, s.url, s.category, s.published_at,
    o.captured_at, s.metadata::text, o.likes, o.comments, o.views, o.dislikes, o.payload_uri, s.author,
    s.topic_id::text, s.topic_likeness
FROM signal_observations o JOIN signals s ON s.id = o.signal_id
WHERE s.id = ANY(%(ids)s) AND o.hour <= %(hour)s AND o.hour > %(hour)s - interval '7 days'
ORDER BY s.id, o.captured_at DESC
"""
HISTORY: LiteralString = """
SELECT s.id::text, s.source, s.published_at, o.captured_at, o.likes, o.comments, o.views, o.dislikes
FROM signal_observations o JOIN signals s ON s.id = o.signal_id
WHERE s.source IN (SELECT source FROM signals WHERE id = ANY(%(ids)s))
    AND o.hour BETWEEN %(after)s AND %(until)s AND o.captured_at > %(after)s AND o.captured_at < %(until)s
ORDER BY s.id, o.captured_at
"""


class Waiting(NamedTuple):
    """Rows that are not processed: those of one hour and run, or those that nobody took (both None)."""

    hour: datetime | None
    run_id: str | None
    rows: int


class InboxRow(Received):
    """A row of a batch."""

    signal_ids: tuple[UUID, ...]


class Hot:
    """Statements on `webhook_inbox`, and on the signals of a batch."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self) -> list[Waiting]:
        """What is not processed, by the hour and run that took it, oldest hour first; what nobody took last."""
        with self._connection.cursor(row_factory=class_row(Waiting)) as cursor:
            return cursor.execute(WAITING).fetchall()

    def refuse_hopeless(self, going: Collection[str]) -> int:
        """Refuse what MAX_ATTEMPTS runs have taken in vain. Returns how many.

        Args:
            going: ids of the runs that are not at their end.
        """
        return self._connection.execute(REFUSE, {"most": MAX_ATTEMPTS, "going": list(going)}).rowcount

    def take(self, run_id: str, hour: datetime, going: Collection[str]) -> list[InboxRow]:
        """Take for the run what a dead run of this hour left, else what is new and came before the end of the hour.

        Args:
            run_id: who takes.
            hour: the run's.
            going: ids of the runs that are not at their end, whose rows stay theirs.

        Returns:
            The run's rows; what it took before, if it did.
        """
        if not (own := self.batch(run_id)):
            self._connection.execute(
                TAKE,
                {"run_id": run_id, "hour": hour, "going": list(going), "limit": MAX_TAKEN, "shared": SHARED_ATTEMPTS},
            )
            own = self.batch(run_id)
        return own

    def batch(self, run_id: str) -> list[InboxRow]:
        """The rows that the run took and has not ended, in the order of arrival."""
        with self._connection.cursor(row_factory=class_row(InboxRow)) as cursor:
            return cursor.execute(BATCH, {"run_id": run_id}).fetchall()

    def signal_ids(self, run_id: str) -> frozenset[UUID]:
        """The signals that the run's rows brought or name."""
        return frozenset(id_ for (id_,) in self._connection.execute(SIGNAL_IDS, {"run_id": run_id}))

    def bring(self, signal_ids: Mapping[UUID, Sequence[UUID]]) -> None:
        """Note which signals each row brought: id of the row → ids of its signals."""
        rows = [{"id": id_, "signals": list(signals)} for id_, signals in sorted(signal_ids.items())]
        with self._connection.cursor() as cursor:
            cursor.executemany(BRING, rows)

    def finish(self, run_id: str) -> int:
        """End the run's batch: its rows are processed when the transaction commits. Returns how many."""
        done = self._connection.execute(FINISH, {"run_id": run_id}).rowcount
        self._connection.execute(NOTIFY, {"channel": CHANNEL})
        return done

    def spike(self, found: Mapping[UUID, Json], day: str) -> int:
        """Put spiking signals into the inbox, each once a day. Returns how many were new.

        Args:
            found: id of the signal → what was measured.
            day: as YYYY-MM-DD.
        """
        new = 0
        for signal_id, measured in sorted(found.items()):
            webhook_id = f"{SPIKE}:{signal_id}:{day}"
            body = json.dumps({"type": "trend.spike", "data": {"signal_id": str(signal_id), **measured}}).encode()
            values = {"id": identity("webhook", SPIKE, webhook_id), "source": SPIKE, "webhook_id": webhook_id}
            new += self._connection.execute(SPIKES, {**values, "body": body, "signals": [signal_id]}).rowcount
        if new:
            self._connection.execute(NOTIFY, {"channel": CHANNEL})
        return new

    def signals(self, ids: Collection[UUID], hour: datetime) -> pl.DataFrame:
        """These signals, each with its latest observation of the week up to the hour; columns of `HOUR_SCHEMA`."""
        return frame(self._connection, SIGNALS, {"ids": list(ids), "hour": hour}, HOUR_SCHEMA)

    def history(self, ids: Collection[UUID], hour: datetime, days: int = 7) -> pl.DataFrame:
        """As `Signals.history`, of the sources of these signals alone; columns of `HISTORY_SCHEMA`."""
        span = {"after": hour - timedelta(days=days), "until": hour + timedelta(hours=1)}
        return frame(self._connection, HISTORY, {"ids": list(ids), **span}, HISTORY_SCHEMA)


class Bell:
    """Rings when rows of the inbox come or end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def wait(self, seconds: float) -> bool:
        """Wait for a ring since the last call, at most so long. Returns whether there was one."""
        try:
            return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.OperationalError as error:
            raise TransientError(f"PostgreSQL hung up on who waited for webhooks: {error}") from error


@contextmanager
def bell(url: str) -> Iterator[Bell]:
    """A connection that listens; what rings before the block begins is not heard, so look after it has begun.

    Raises:
        PermanentError: the server refuses us.
        TransientError: it does not answer.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10, application_name="hot-signals")
    except psycopg.OperationalError as error:
        raise connection_error(url, error) from error
    with connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield Bell(connection)
