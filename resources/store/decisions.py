"""Choices that lead to a product, with their evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from psycopg.types.json import Jsonb

from pipeline.models import Decision
from resources.store.staging import Connection, stage

COLUMNS = {
    "id": "uuid",
    "subject": "text",
    "subject_id": "uuid",
    "kind": "text",
    "choice": "jsonb",
    "because": "jsonb",
    "decided_by": "text",
}
RECORD: LiteralString = """
INSERT INTO decisions AS d (id, subject, subject_id, kind, choice, because, decided_by)
SELECT DISTINCT ON (id) id, subject, subject_id, kind, choice, because, decided_by
FROM staged_decisions ORDER BY id, position DESC
ON CONFLICT (id) DO UPDATE
SET choice = excluded.choice, because = excluded.because, decided_by = excluded.decided_by
WHERE (d.choice, d.because, d.decided_by) IS DISTINCT FROM (excluded.choice, excluded.because, excluded.decided_by)
"""


class Decisions:
    """Statements on `decisions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, decisions: Sequence[Decision]) -> int:
        """Write decisions; a later one of the same kind on the same subject replaces the earlier.

        Returns:
            How many rows are new or changed.
        """
        if not decisions:
            return 0
        rows = (
            (d.id, d.subject, d.subject_id, d.kind, Jsonb(d.choice), Jsonb(d.because), d.decided_by) for d in decisions
        )
        stage(self._connection, "staged_decisions", COLUMNS, rows)
        return self._connection.execute(RECORD).rowcount
