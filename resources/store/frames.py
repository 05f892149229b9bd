"""Rows of the database as polars frames, with the types that the reader is promised."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, LiteralString

import polars as pl
from psycopg import sql

from resources.store.staging import Connection

UTC_TIME = pl.Datetime("us", "UTC")
TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.f%#z"
"""How PostgreSQL writes a timestamptz where its time zone is UTC."""
COPY: LiteralString = "COPY ({}) TO STDOUT (FORMAT csv)"


def frame(
    connection: Connection, query: LiteralString, values: Mapping[str, Any], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """The rows of a query, its columns in the order of the schema; empty with the same schema when there are none.

    They come by COPY, as CSV, which is read column by column: no value ever becomes a Python object. CSV tells a text
    that is empty ("") from one that is null (nothing).
    """
    written = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(sql.SQL(COPY).format(sql.SQL(query)), values) as copy:
        for piece in copy:
            written.write(piece)
    as_text = {name: pl.String() if kind == UTC_TIME else kind for name, kind in schema.items()}
    written.seek(0)
    found = pl.read_csv(written, has_header=False, schema=as_text, raise_if_empty=False)
    times = [name for name, kind in schema.items() if kind == UTC_TIME]
    return found.with_columns(pl.col(times).str.to_datetime(TIME_FORMAT, time_unit="us", time_zone="UTC"))
