"""How a batch gets into the database: one binary COPY into a temporary table, from which one statement upserts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

Connection = psycopg.Connection[TupleRow]


def stage(connection: Connection, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """Put rows into a temporary table that lasts till the end of the transaction.

    Args:
        connection: with an open transaction.
        name: of the temporary table; an earlier one of that name is replaced.
        columns: column → type, in the order of the values.
        rows: the values; enums as text, jsonb wrapped in `Jsonb`, vectors as numpy arrays.
    """
    table = sql.Identifier("pg_temp", name)
    defined = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(t)) for c, t in columns.items())
    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    create = sql.SQL("CREATE TEMPORARY TABLE {} (position int GENERATED ALWAYS AS IDENTITY, {}) ON COMMIT DROP")
    connection.execute(create.format(sql.Identifier(name), defined))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with (
        connection.cursor() as cursor,
        cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(table, names)) as copy,
    ):
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)
