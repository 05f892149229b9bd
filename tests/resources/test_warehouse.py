"""The record leaves PostgreSQL exactly, as one snapshot, and the analysts' file is only ever a good one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from resources import warehouse as module
from resources.errors import PermanentError
from resources.warehouse import EXPORTED, Warehouse, export, manifest_path

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
awkward = st.sampled_from(["", " ", "NULL", "\\N", '"', '""', ",", "a\r\nb", "\\.", "{}", "[]", "💀é\u200b\ufeff", "'"])
words = text | awkward
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
rows = st.lists(
    st.tuples(
        st.none() | words,
        st.none() | st.lists(st.none() | words, max_size=4),
        st.none() | values,
        st.none() | st.floats(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.integers(-(2**31), 2**31 - 1),
        st.none() | st.dates(date(1, 1, 1)),
        st.none() | moments,
        st.none() | st.uuids(),
        st.none() | st.booleans(),
        st.none() | st.sampled_from(["queued", "live"]),
    ),
    max_size=12,
)
COLUMNS = (
    "words text, lists text[], doc jsonb, x double precision, big bigint, small int, day date, moment timestamptz,"
)
COLUMNS += ' id uuid, flag boolean, status idea_status, "odd "" name" text'


def read(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()


@given(rows)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_every_value_comes_back_as_it_was(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    with psycopg.connect(database_url) as connection:
        connection.execute(f"DROP TABLE IF EXISTS scratch; CREATE TABLE scratch (n int, {COLUMNS})")
        for number, row in enumerate(rows):
            adapted = [Jsonb(value) if place == 2 and value is not None else value for place, value in enumerate(row)]
            marks = ", ".join(["%s"] * len(row))
            connection.execute(f"INSERT INTO scratch VALUES ({number}, {marks}, 'x')", adapted)
        docs = [row[0] for row in connection.execute("SELECT doc::text FROM scratch ORDER BY n")]

    assert export(database_url, folder, {"scratch": frozenset()}) == {"scratch": len(rows)}

    came_back = sorted(read(folder / "scratch.parquet"))
    expected = [(n, *row[:2], doc, *row[3:], "x") for n, (row, doc) in enumerate(zip(rows, docs, strict=True))]
    assert [tuple(map(repr_of, row)) for row in came_back] == [tuple(map(repr_of, row)) for row in expected]


def repr_of(value: Any) -> str:
    """Equal for equal values and for two NaNs, different for 0.0 and -0.0."""
    return str(value.astimezone(UTC)) if isinstance(value, datetime) else repr(value)


def test_an_empty_record_becomes_empty_files_with_its_columns(database_url: str, tmp_path: Path) -> None:
    rows = export(database_url, tmp_path)

    assert rows == {table: int(table == "scoring_weights") for table in EXPORTED}
    with duckdb.connect() as connection:
        columns = dict(
            connection.execute(
                f"SELECT column_name, column_type FROM (DESCRIBE FROM '{tmp_path}/ideas.parquet')"
            ).fetchall()
        )
    assert "embedding" not in columns
    assert columns["id"] == "UUID"
    assert columns["lines"] == "VARCHAR[]"
    assert columns["hour"] == "TIMESTAMP WITH TIME ZONE"
    assert columns["score"] == "DOUBLE"
    assert columns["status"] == "VARCHAR"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{table}.parquet" for table in EXPORTED)


def test_all_tables_are_of_one_moment(database_url: str, tmp_path: Path) -> None:
    """A writer adds a signal with its observation at a time: no export ever sees one without the other."""
    done = threading.Event()

    def write() -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not done.is_set():
                with connection.transaction():
                    signal = uuid4()
                    connection.execute(
                        "INSERT INTO signals (id, content, source, captured_at, content_hash, text_hash, topic_id)"
                        " SELECT id, 'news', 'reddit_posts', now(), hash, hash, id"
                        " FROM (SELECT %s AS id, encode(sha256(%s::text::bytea), 'hex') AS hash)",
                        [signal, signal],
                    )
                    connection.execute(
                        "INSERT INTO signal_observations (signal_id, captured_at, hour, payload_uri)"
                        " VALUES (%s, now(), date_trunc('hour', now(), 'UTC'), 'x')",
                        [signal],
                    )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [export(database_url, tmp_path) for _ in range(5)]
    finally:
        done.set()
        writer.join()

    assert counts[0]["signals"] < counts[-1]["signals"], "nothing was written in between: the test shows nothing"
    assert all(count["signals"] == count["signal_observations"] for count in counts)


def test_a_failed_export_leaves_the_files_of_the_last_good_one(database_url: str, tmp_path: Path) -> None:
    export(database_url, tmp_path)
    before = (tmp_path / "signals.parquet").stat().st_mtime_ns

    with pytest.raises(PermanentError, match="table='sales' is not in the record"):
        export(database_url, tmp_path, {"signals": frozenset(), "sales": frozenset()})

    assert (tmp_path / "signals.parquet").stat().st_mtime_ns == before
    assert not list(tmp_path.glob(".*"))


def test_a_type_that_has_no_parquet_type_is_named(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"table='ideas'.*'embedding': 'vector'"):
        export(database_url, tmp_path, {"ideas": frozenset()})


READER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
for _ in range(2):
    print(connection.execute("SELECT version FROM build").fetchone()[0], flush=True)
    sys.stdin.readline()
"""


def test_an_open_reader_neither_hinders_a_build_nor_notices_it(tmp_path: Path) -> None:
    warehouse = Warehouse("unused", tmp_path)
    write_build(warehouse, 1)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(warehouse.duckdb)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "1\n"

        write_build(warehouse, 2)

        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "1\n"
        reader.stdin.write("\n")
    assert reader.returncode == 0
    assert read_build(warehouse) == 2


def test_a_failed_build_leaves_the_last_good_file(tmp_path: Path) -> None:
    warehouse = Warehouse("unused", tmp_path)
    write_build(warehouse, 1)

    with pytest.raises(ZeroDivisionError), warehouse.building() as build:
        build.duckdb.write_text(f"half a file {1 / 0}")
    assert read_build(warehouse) == 1

    write_build(warehouse, 2)
    assert read_build(warehouse) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["engine.duckdb"]


def write_build(warehouse: Warehouse, version: int) -> None:
    with warehouse.building() as build, duckdb.connect(str(build.duckdb)) as connection:
        connection.execute(f"CREATE TABLE build AS SELECT {version} AS version")


def read_build(warehouse: Warehouse) -> object:
    with duckdb.connect(str(warehouse.duckdb), read_only=True) as connection:
        row = connection.execute("SELECT version FROM build").fetchone()
        return row and row[0]


def test_the_manifest_is_made_anew_only_when_the_project_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(module.PROJECT, project, ignore=shutil.ignore_patterns("target", "logs"))
    parses: list[str] = []

    def parse(command: str, *, target_path: Path) -> None:
        parses.append(command)
        for name in ("manifest.json", "partial_parse.msgpack"):
            (target_path / name).write_text(f"{len(parses)}")

    monkeypatch.setattr(module, "PROJECT", project)
    monkeypatch.setattr(module, "_dbt", parse)

    assert manifest_path().read_text() == "1"
    assert manifest_path().read_text() == "1"

    (project / "macros" / "time.sql").open("a").write("{# a word more #}\n")
    assert manifest_path().read_text() == "2"

    (project / "target" / "manifest.json").unlink()
    assert manifest_path().read_text() == "3"
    assert not list((project / "target").glob(".parse-*"))
