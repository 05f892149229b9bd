"""The log of state changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from psycopg.types.json import Jsonb

from pipeline.models import Event
from resources.store.staging import Connection, stage

COLUMNS = {
    "event_id": "uuid",
    "event_type": "text",
    "source": "text",
    "version": "text",
    "data": "jsonb",
    "correlation_id": "uuid",
}
RECORD: LiteralString = """
INSERT INTO events (event_id, event_type, source, version, data, correlation_id)
SELECT DISTINCT ON (event_id) event_id, event_type, source, version, data, correlation_id
FROM staged_events ORDER BY event_id, position
ON CONFLICT (event_id) DO NOTHING
"""


class Events:
    """Statements on `events`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, events: Iterable[Event]) -> int:
        """Write events; those already written stay as they are. Returns how many were new."""
        if not events:
            return 0
        rows = ((e.id, e.event_type, e.source, e.version, Jsonb(e.data), e.correlation_id) for e in events)
        stage(self._connection, "staged_events", COLUMNS, rows)
        return self._connection.execute(RECORD).rowcount
