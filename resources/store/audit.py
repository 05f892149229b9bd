"""Who looked at raw data or erased it: rows that are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pipeline.models import Json, Model
from resources.store.staging import Connection

RECORD: LiteralString = """
INSERT INTO audit_log (actor, action, subject, detail) VALUES (%(actor)s, %(action)s, %(subject)s, %(detail)s)
"""
NEWEST: LiteralString = "SELECT at, actor, action, subject, detail FROM audit_log ORDER BY id DESC LIMIT %(limit)s"


class AuditRow(Model):
    """One access or erasure."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Json


class Audit:
    """Statements on `audit_log`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, actor: str, action: str, subject: str, detail: Json | None = None) -> None:
        """Add a row.

        Args:
            actor: the command or run that did it.
            action: read_archive, record, expire, forget.
            subject: what it was done to; no personal data.
            detail: counts and keys.
        """
        values = {"actor": actor, "action": action, "subject": subject, "detail": Jsonb(detail or {})}
        self._connection.execute(RECORD, values)

    def newest(self, limit: int = 100) -> list[AuditRow]:
        """The newest rows, newest first."""
        with self._connection.cursor(row_factory=class_row(AuditRow)) as cursor:
            return cursor.execute(NEWEST, {"limit": limit}).fetchall()
