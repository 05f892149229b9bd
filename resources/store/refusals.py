"""Ideas of an hour that got no design or no mock-up, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import AwareDatetime

from pipeline.models import Attempt, Model, Verdict
from resources.store.staging import Connection

RECORD: LiteralString = """
INSERT INTO refusals (idea_id, hour, stage, reason, verdicts, attempts, copies)
VALUES (%(idea_id)s, %(hour)s, %(stage)s, %(reason)s, %(verdicts)s, %(attempts)s,
    (SELECT id FROM designs WHERE idea_id = %(copies)s))
ON CONFLICT (idea_id) DO UPDATE SET hour = excluded.hour, stage = excluded.stage, reason = excluded.reason,
    verdicts = excluded.verdicts, attempts = excluded.attempts, copies = excluded.copies
"""
HOUR: LiteralString = """
SELECT r.idea_id, r.hour, r.stage, r.reason, r.verdicts, r.attempts, d.idea_id AS copies FROM refusals r
LEFT JOIN designs d ON d.id = r.copies WHERE r.hour = %(hour)s ORDER BY r.idea_id
"""
CLEAR: LiteralString = "DELETE FROM refusals WHERE idea_id = ANY(%(ideas)s)"

Stage = Literal["words", "artist", "picture", "proof", "duplicate", "mockup"]


class Refusal(Model):
    """Why an idea got no design, or no mock-up."""

    idea_id: UUID
    hour: AwareDatetime
    stage: Stage
    reason: str
    verdicts: tuple[Verdict, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    copies: UUID | None = None
    """The idea whose design it would copy."""


class Refusals:
    """Statements on `refusals`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, refusal: Refusal) -> None:
        """Write a refusal; an earlier one of the idea is replaced."""
        values = refusal.model_dump()
        lists = {name: Jsonb([one.model_dump() for one in getattr(refusal, name)]) for name in ("verdicts", "attempts")}
        self._connection.execute(RECORD, {**values, **lists})

    def hour(self, hour: datetime) -> list[Refusal]:
        """The hour's refusals."""
        with self._connection.cursor(row_factory=class_row(Refusal)) as cursor:
            return cursor.execute(HOUR, {"hour": hour}).fetchall()

    def clear(self, ideas: Sequence[UUID]) -> None:
        """Forget the refusals of ideas that are drawn now."""
        self._connection.execute(CLEAR, {"ideas": list(ideas)})
