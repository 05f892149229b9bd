"""How drawing stands: what waits, what was drawn by whom and what it took, what was refused.

What belongs here: counts for metrics. What does not: designs themselves (`designs`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from pipeline.models import Model

DRAWN: LiteralString = """
SELECT artist, count(*) AS designs, sum(gpu_seconds) AS gpu_seconds, sum(cost_micros)::bigint AS cost_micros
FROM designs GROUP BY artist ORDER BY artist
"""
# The order is that in which the step takes them.
WAITING: LiteralString = """
SELECT count(*) FROM (
    SELECT id, row_number() OVER (PARTITION BY hour ORDER BY score DESC, id) AS place
    FROM ideas WHERE hour >= %(since)s AND status <> 'archived'
) ranked
WHERE place <= %(per_hour)s
    AND NOT EXISTS (SELECT FROM designs d WHERE d.idea_id = ranked.id)
    AND NOT EXISTS (SELECT FROM refusals r WHERE r.idea_id = ranked.id)
"""
REFUSED: LiteralString = "SELECT stage, count(*) FROM refusals GROUP BY stage ORDER BY stage"


class Drawn(Model):
    """What an artist drew since the record began."""

    artist: str
    designs: int
    gpu_seconds: float
    cost_micros: int


class Drawing(Model):
    """How drawing stands."""

    drawn: tuple[Drawn, ...]
    waiting: int
    """Ideas that are to be drawn and have neither a design nor a refusal."""
    refused: dict[str, int]
    """Stage → ideas that were refused there."""


def drawing(conn: Connection[Any], since: datetime, per_hour: int) -> Drawing:
    """How drawing stands. Three statements.

    Args:
        conn: an open connection.
        since: the first hour whose ideas are still to be drawn.
        per_hour: how many of an hour's ideas, the best, are to be drawn.
    """
    with conn.cursor(row_factory=class_row(Drawn)) as cursor:
        drawn = tuple(cursor.execute(DRAWN))
    rows = conn.execute(WAITING, {"since": since, "per_hour": per_hour}).fetchall()
    return Drawing(drawn=drawn, waiting=rows[0][0], refused=dict(conn.execute(REFUSED).fetchall()))
