"""Dagster's pools as its storage knows them: who holds a slot, who waits for one.

What belongs here: reading them without loading Dagster, which a page that is asked every few seconds can't wait for.
What does not: which pools there are (`assets.pools`), and making them (`cli.storage`).
"""

from __future__ import annotations

from typing import LiteralString

import psycopg
from psycopg.rows import class_row

from pipeline.models import Model
from resources.postgres import connection_error, holds_table

POOLS: LiteralString = """
SELECT l.concurrency_key AS pool, l."limit" AS slots,
    (SELECT count(*) FROM concurrency_slots s
        WHERE s.concurrency_key = l.concurrency_key AND s.run_id IS NOT NULL) AS claimed,
    (SELECT count(*) FROM pending_steps p
        WHERE p.concurrency_key = l.concurrency_key AND p.assigned_timestamp IS NULL) AS waiting
FROM concurrency_limits l ORDER BY l.concurrency_key
"""


class Pool(Model):
    """A pool and the steps that draw from it."""

    pool: str
    slots: int
    claimed: int
    waiting: int


def pools(url: str) -> tuple[Pool, ...]:
    """The pools of the storage at the URL; none where Dagster has not made its tables yet.

    Raises:
        PermanentError: the server refuses us.
        TransientError: it does not answer.
    """
    try:
        if not holds_table(url, "concurrency_limits"):
            return ()
        with psycopg.connect(url, connect_timeout=5, row_factory=class_row(Pool)) as connection:
            return tuple(connection.execute(POOLS))
    except psycopg.OperationalError as error:
        raise connection_error(url, error) from error
