"""Ideas whose event is over for this year: archived till the next one's listing window opens, then brought back.

What belongs here: the statements on what waits and what returns. What does not: when an event is too late, and when it
comes again (`pipeline.ideas.seasons`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, LiteralString
from uuid import UUID

from psycopg.rows import class_row, dict_row

from pipeline.ideas.seasons import Event
from pipeline.models import IdeaStatus, Model
from resources.store.staging import Connection

STANDING: LiteralString = """
SELECT coalesce(evidence #>> '{event,name}', occasion, '') AS name, event_date AS date,
    coalesce(evidence #> '{event,countries}', '[]') AS countries,
    coalesce((evidence #>> '{event,gift}')::boolean, false) AS gift, array_agg(id ORDER BY id) AS ids
FROM ideas WHERE event_date <= %(until)s AND status IN ('queued', 'mocked')
GROUP BY 1, 2, 3, 4 ORDER BY 2, 1, 3, 4
"""
# The market decides when it is sold no longer: what is live stays live, and so does its idea.
ARCHIVE: LiteralString = """
WITH wanted AS (SELECT id FROM ideas WHERE id = ANY(%(ids)s) AND status IN ('queued', 'mocked')
    ORDER BY id FOR NO KEY UPDATE)
UPDATE ideas SET status = 'archived', returns_on = %(returns_on)s, updated_at = now() FROM wanted
WHERE ideas.id = wanted.id RETURNING ideas.id
"""
# What was drawn for a returning idea is still right: the same words. It goes on in the hour of the return. A listing
# that is on the market stays there, and one that a person rejected stays rejected; any other is a draft again, by the
# legal steps.
CARRY: Final[Sequence[LiteralString]] = (
    "UPDATE designs SET hour = %(hour)s WHERE idea_id = ANY(%(ids)s)",
    "UPDATE mockups SET hour = %(hour)s WHERE idea_id = ANY(%(ids)s)",
    """
    UPDATE ideas SET status = 'mocked' WHERE id = ANY(%(ids)s) AND status = 'queued'
        AND EXISTS (SELECT FROM mockups m WHERE m.idea_id = ideas.id)
    """,
    "UPDATE listings SET status = 'in_review' WHERE idea_id = ANY(%(ids)s) AND status = 'approved'",
    """
    UPDATE listings SET status = 'draft', status_reason = 'its season comes again', pack_uri = NULL,
        handed_over_at = NULL, external_id = NULL, listing_url = NULL, live_at = NULL
    WHERE idea_id = ANY(%(ids)s) AND status IN ('in_review', 'failed', 'retired')
    """,
    "UPDATE listings SET hour = %(hour)s WHERE idea_id = ANY(%(ids)s) AND status = 'draft'",
)
COUNTS: LiteralString = """
SELECT coalesce(evidence #>> '{event,name}', occasion, '') AS name, event_date AS date, status, count(*) AS ideas
FROM ideas WHERE event_date >= %(since)s AND returns_on IS NULL GROUP BY 1, 2, 3
"""
WAITING: LiteralString = """
SELECT coalesce(evidence #>> '{event,name}', occasion, '') AS name, event_date AS date, returns_on, count(*) AS ideas
FROM ideas WHERE returns_on IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 3, 1, 2
"""


class Waiting(Model):
    """Ideas that are archived till an event's next listing window opens."""

    name: str
    date: dt.date
    """Of the event that they came too late for."""
    returns_on: dt.date
    ideas: int


class Seasons:
    """Statements on the seasons of `ideas`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def standing(self, until: date) -> dict[Event, list[UUID]]:
        """The events up to a day with their queued and mocked ideas."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(STANDING, {"until": until}).fetchall()
        return {Event.model_validate({k: v for k, v in row.items() if k != "ids"}): row["ids"] for row in found}

    def archive(self, ids: Sequence[UUID], returns_on: date | None) -> list[UUID]:
        """Archive the queued and mocked ones of these ideas. Returns those that were.

        Args:
            ids: of ideas.
            returns_on: the day from which they come back when they are proposed again; None: never by themselves.
        """
        return [id_ for (id_,) in self._connection.execute(ARCHIVE, {"ids": list(ids), "returns_on": returns_on})]

    def carry(self, ids: Sequence[UUID], hour: datetime) -> None:
        """Take the designs, mock-ups and listings of ideas that came back along to their new hour.

        Those that have pictures are `mocked` at once. What is handed over, live or rejected stays as it is.
        """
        for statement in CARRY:
            self._connection.execute(statement, {"ids": list(ids), "hour": hour})

    def counts(self, since: date) -> Mapping[tuple[str, date], Mapping[IdeaStatus, int]]:
        """Of each event from a day on, its name and date, how many ideas there are by status; none that wait."""
        found: dict[tuple[str, date], dict[IdeaStatus, int]] = {}
        for name, day, status, ideas in self._connection.execute(COUNTS, {"since": since}):
            found.setdefault((name, day), {})[IdeaStatus(status)] = ideas
        return found

    def waiting(self) -> list[Waiting]:
        """What waits for its event to come again, the first to return first."""
        with self._connection.cursor(row_factory=class_row(Waiting)) as cursor:
            return cursor.execute(WAITING).fetchall()
