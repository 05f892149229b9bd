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
INSERT INTO refusals (idea_id, hour, stage, reason, basis, verdicts, attempts, cost_micros, copies)
VALUES (%(idea_id)s, %(hour)s, %(stage)s, %(reason)s, %(basis)s, %(verdicts)s, %(attempts)s, %(cost)s,
    (SELECT id FROM designs WHERE idea_id = %(copies)s))
ON CONFLICT (idea_id) DO UPDATE SET hour = excluded.hour, stage = excluded.stage, reason = excluded.reason,
    basis = excluded.basis, verdicts = excluded.verdicts, attempts = excluded.attempts,
    cost_micros = excluded.cost_micros, copies = excluded.copies
"""
_READ: LiteralString = """
SELECT r.idea_id, r.hour, r.stage, r.reason, r.basis, r.verdicts, r.attempts, d.idea_id AS copies FROM refusals r
LEFT JOIN designs d ON d.id = r.copies
"""
HOUR: LiteralString = _READ + "JOIN ideas i ON i.id = r.idea_id WHERE r.hour = %(hour)s ORDER BY i.score DESC, i.id"
# A near-copy of what is there no longer, or no longer on offer, may be none.
STANDING: LiteralString = (
    _READ
    + """
LEFT JOIN ideas original ON original.id = d.idea_id
WHERE r.idea_id = %(idea)s AND r.hour = %(hour)s AND r.basis = %(basis)s
    AND (r.stage <> 'duplicate' OR original.status NOT IN ('archived', 'rejected'))
"""
)
CLEAR: LiteralString = "DELETE FROM refusals WHERE idea_id = ANY(%(ideas)s)"

Stage = Literal["words", "artist", "picture", "proof", "duplicate", "mockup"]


class Refusal(Model):
    """Why an idea got no design, or no mock-up."""

    idea_id: UUID
    hour: AwareDatetime
    stage: Stage
    reason: str
    basis: str = ""
    """What it was decided on, as a digest: with another one the idea is tried again."""
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
        cost = sum(attempt.cost_micros for attempt in refusal.attempts)
        self._connection.execute(RECORD, {**values, **lists, "cost": cost})

    def hour(self, hour: datetime) -> list[Refusal]:
        """The hour's refusals, that of the best idea first."""
        with self._connection.cursor(row_factory=class_row(Refusal)) as cursor:
            return cursor.execute(HOUR, {"hour": hour}).fetchall()

    def standing(self, idea_id: UUID, hour: datetime, basis: str) -> Refusal | None:
        """The refusal of the idea in the hour, if it was decided on the same and what it would copy is still there."""
        with self._connection.cursor(row_factory=class_row(Refusal)) as cursor:
            return cursor.execute(STANDING, {"idea": idea_id, "hour": hour, "basis": basis}).fetchone()

    def clear(self, ideas: Sequence[UUID]) -> None:
        """Forget the refusals of ideas that are drawn now."""
        self._connection.execute(CLEAR, {"ideas": list(ideas)})
