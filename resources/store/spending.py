"""What painters were paid, by UTC day: reserved before a picture is asked for, settled when its cost is known."""

from __future__ import annotations

from datetime import date
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row

from resources.store.staging import Connection

LOCK: LiteralString = "LOCK TABLE picture_spending IN SHARE ROW EXCLUSIVE MODE"
"""One reserves at a time, so that the sum that is looked at is the sum that is added to."""
SPENT: LiteralString = "SELECT coalesce(sum(cost_micros), 0)::bigint FROM picture_spending WHERE day = %(day)s"
RESERVE: LiteralString = """
INSERT INTO picture_spending AS s (day, painter, pictures, cost_micros) VALUES (%(day)s, %(painter)s, 1, %(cost)s)
ON CONFLICT (day, painter) DO UPDATE SET pictures = s.pictures + 1, cost_micros = s.cost_micros + excluded.cost_micros
"""
SETTLE: LiteralString = """
UPDATE picture_spending SET pictures = pictures + %(pictures)s, cost_micros = cost_micros + %(cost)s
WHERE day = %(day)s AND painter = %(painter)s
"""
DAY: LiteralString = "SELECT painter, pictures, cost_micros FROM picture_spending WHERE day = %(day)s ORDER BY painter"


class Booking(NamedTuple):
    """What became of a reservation."""

    booked: bool
    spent: int
    """Micros that were spent or reserved on the day before it."""


class Spent(NamedTuple):
    """What one painter was paid on a day."""

    painter: str
    pictures: int
    cost_micros: int


class Spending:
    """Statements on `picture_spending`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve(self, day: date, painter: str, cost: int, limit: int) -> Booking:
        """Reserve a picture, if the day's sum of all painters stays within the limit. Others wait until we commit.

        Args:
            day: UTC.
            painter: who is to be paid.
            cost: micros, at the most.
            limit: micros a day.
        """
        self._connection.execute(LOCK)
        (spent,) = self._connection.execute(SPENT, {"day": day}).fetchall()[0]
        if spent + cost > limit:
            return Booking(booked=False, spent=spent)
        self._connection.execute(RESERVE, {"day": day, "painter": painter, "cost": cost})
        return Booking(booked=True, spent=spent)

    def settle(self, day: date, painter: str, reserved: int, cost: int) -> None:
        """Put what a picture cost in the place of what was reserved for it."""
        self._settle(day, painter, 0, cost - reserved)

    def release(self, day: date, painter: str, reserved: int) -> None:
        """Give back what was reserved for a picture that was never made."""
        self._settle(day, painter, -1, -reserved)

    def day(self, day: date) -> list[Spent]:
        """What each painter was paid on the day, reservations included."""
        with self._connection.cursor(row_factory=class_row(Spent)) as cursor:
            return cursor.execute(DAY, {"day": day}).fetchall()

    def _settle(self, day: date, painter: str, pictures: int, cost: int) -> None:
        values = {"day": day, "painter": painter, "pictures": pictures, "cost": cost}
        self._connection.execute(SETTLE, values)
