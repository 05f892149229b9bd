"""What holds each source back, and what is spent of its quota: kept, so that no restart forgets it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row, scalar_row

from resources.fetching.rules import Hold, Spent, State, state
from resources.store.staging import Connection

ENTER: LiteralString = "INSERT INTO source_gates (source) VALUES (%(source)s) ON CONFLICT (source) DO NOTHING"
LOCK: LiteralString = """
SELECT tokens, tokens_at, failures, opened_at, opened_until, last_error
FROM source_gates WHERE source = %(source)s FOR UPDATE
"""
KEEP: LiteralString = """
UPDATE source_gates SET tokens = %(tokens)s, tokens_at = %(tokens_at)s, failures = %(failures)s,
    opened_at = %(opened_at)s, opened_until = %(opened_until)s, last_error = %(last_error)s
WHERE source = %(source)s
"""
SPENT: LiteralString = """
SELECT key, spent_at AS at, cost FROM quota_ledger WHERE source = %(source)s AND spent_at > %(since)s ORDER BY spent_at
"""
FORGET: LiteralString = "DELETE FROM quota_ledger WHERE source = %(source)s AND spent_at <= %(since)s"
SPEND: LiteralString = """
INSERT INTO quota_ledger (source, key, spent_at, cost) VALUES (%(source)s, %(key)s, %(at)s, %(cost)s)
"""
ALL: LiteralString = """
SELECT source, tokens, tokens_at, failures, opened_at, opened_until, last_error FROM source_gates ORDER BY source
"""
USED: LiteralString = """
SELECT coalesce(sum(cost), 0)::bigint FROM quota_ledger WHERE source = %(source)s AND spent_at > %(since)s
"""


class GateState(NamedTuple):
    """How a source is held back, for people who look after it."""

    source: str
    state: State
    failures: int
    """In a row."""
    opened_until: datetime | None
    last_error: str | None
    used: int | None
    """Units of its quota that count now; None where it has none."""


class Gates:
    """Statements on `source_gates` and `quota_ledger`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self, source: str) -> Hold:
        """What holds the source back; nobody else reads or changes it before this transaction ends."""
        self._connection.execute(ENTER, {"source": source})
        with self._connection.cursor(row_factory=class_row(Hold)) as cursor:
            return cursor.execute(LOCK, {"source": source}).fetchall()[0]

    def keep(self, source: str, hold: Hold) -> None:
        """Write what holds the source back. It was locked before."""
        self._connection.execute(KEEP, {"source": source, **hold._asdict()})

    def spent(self, source: str, since: datetime) -> list[Spent]:
        """What was spent of the source's quota after a moment, in the order of time."""
        with self._connection.cursor(row_factory=class_row(Spent)) as cursor:
            return cursor.execute(SPENT, {"source": source, "since": since}).fetchall()

    def spend(self, source: str, entry: Spent, since: datetime) -> None:
        """Write what is spent, and forget what was spent before the quota's window, which starts at `since`."""
        self._connection.execute(FORGET, {"source": source, "since": since})
        self._connection.execute(SPEND, {"source": source, **entry._asdict()})

    def all(self, now: datetime, windows: Mapping[str, timedelta]) -> list[GateState]:
        """Every source that was ever asked, by name.

        Args:
            now: the aware present.
            windows: source → window of its quota, of the sources that have one.
        """
        with self._connection.cursor(row_factory=scalar_row) as cursor:
            used = {
                source: int(cursor.execute(USED, {"source": source, "since": now - window}).fetchall()[0])
                for source, window in windows.items()
            }
        rows = self._connection.execute(ALL).fetchall()
        return [_gate_state(source, Hold(*held), now, used.get(source)) for source, *held in rows]


def _gate_state(source: str, hold: Hold, now: datetime, used: int | None) -> GateState:
    return GateState(source, state(hold, now), hold.failures, hold.opened_until, hold.last_error, used)
