"""Rows of the database as polars frames, with the types that the reader is promised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import polars as pl

from resources.store.staging import Connection

UTC_TIME = pl.Datetime("us", "UTC")


def frame(
    connection: Connection, query: LiteralString, values: Mapping[str, Any], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """The rows of a query, its columns in the order of the schema; empty with the same schema when there are none."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(query, values).fetchall()
    return pl.DataFrame(rows, schema=dict(schema), orient="row")
