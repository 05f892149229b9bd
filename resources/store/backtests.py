"""What the nights tried against the weights in force, and what was decided: one row a day and subject."""

from __future__ import annotations

from datetime import date
from typing import LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import Field

from pipeline.feedback.backtest import Decision
from pipeline.models import Json, Model, identity
from resources.store.staging import Connection

RECORD: LiteralString = """
INSERT INTO backtests (id, day, subject, candidate, in_force, decision, reason, report)
VALUES (%(id)s, %(day)s, %(subject)s, %(candidate)s, %(in_force)s, %(decision)s, %(reason)s, %(report)s)
ON CONFLICT (day, subject) DO UPDATE SET
    candidate = excluded.candidate, in_force = excluded.in_force, decision = excluded.decision,
    reason = excluded.reason, report = excluded.report
"""
OF: LiteralString = """
SELECT day, subject, candidate, in_force, decision, reason, report FROM backtests
WHERE day = %(day)s AND subject = %(subject)s
"""
BEFORE: LiteralString = """
SELECT day, subject, candidate, in_force, decision, reason, report FROM backtests
WHERE day < %(day)s AND subject = %(subject)s ORDER BY day DESC LIMIT 1
"""


class Backtest(Model):
    """A decision with its report."""

    day: date
    subject: str = Field(description="what was tried")
    candidate: Json
    in_force: int = Field(description="version of the weights it was tried against")
    decision: Decision
    reason: str
    report: Json


class Backtests:
    """Statements on `backtests`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, backtest: Backtest) -> None:
        """Write a decision; the earlier one of its day and subject, if any, is replaced."""
        told = backtest.model_dump()
        row = {**told, "candidate": Jsonb(told["candidate"]), "report": Jsonb(told["report"])}
        self._connection.execute(RECORD, {**row, "id": identity("backtest", backtest.day, backtest.subject)})

    def of(self, day: date, subject: str) -> Backtest | None:
        """The day's decision on the subject."""
        return self._one(OF, day, subject)

    def before(self, day: date, subject: str) -> Backtest | None:
        """The newest decision on the subject of an earlier day."""
        return self._one(BEFORE, day, subject)

    def _one(self, query: LiteralString, day: date, subject: str) -> Backtest | None:
        with self._connection.cursor(row_factory=class_row(Backtest)) as cursor:
            return cursor.execute(query, {"day": day, "subject": subject}).fetchone()
