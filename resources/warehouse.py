"""The analysts' warehouse: the record as Parquet, the marts as one DuckDB file and as views in PostgreSQL.

What belongs here: how the bytes get from the record to the files, and how dbt is called. What the marts say is SQL in
`dbt_project/`.

    <folder>/parquet/<table>.parquet   one consistent snapshot of the record
    <folder>/engine.duckdb             staging and marts, for analysts; replaced as a whole by every build
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from resources.errors import PermanentError
from resources.settings import ROOT

PROJECT = ROOT / "dbt_project"

EXPORTED: Mapping[str, frozenset[str]] = {
    # The salted hashes of authors stay in the record; who is forgotten there must not live on in a file.
    "signals": frozenset({"author", "recorded_seq"}),
    "signal_observations": frozenset(),
    "ideas": frozenset({"embedding"}),
    "designs": frozenset({"spec", "fingerprint"}),
    "refusals": frozenset({"basis"}),
    "mockups": frozenset(),
    "listings": frozenset(),
    "listing_metrics": frozenset(),
    "scoring_weights": frozenset(),
    "decisions": frozenset(),
    "approvals": frozenset(),
    "events": frozenset(),
}
"""Table of the record → its columns that stay there: vectors and layered specs, which no analyst aggregates."""

TYPES = {
    "boolean": "BOOLEAN",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double precision": "DOUBLE",
    "text": "VARCHAR",
    "text[]": "VARCHAR[]",
    "jsonb": "VARCHAR",
    "uuid": "UUID",
    "date": "DATE",
    "timestamp with time zone": "TIMESTAMPTZ",
}
"""PostgreSQL's type → the Parquet file's, in DuckDB's words. An enum is its label."""

LONGEST_ROW = 16 * 2**20
"""Bytes of CSV that one row may take; a longer one fails the export."""


BOUNDS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "preserve_insertion_order": False,  # else row groups can't be bounded in bytes
}
"""Of the database that writes the Parquet files."""


def export(postgres_url: str, folder: Path, tables: Mapping[str, frozenset[str]] = EXPORTED) -> dict[str, int]:
    """Write tables of the record as Parquet files, all of one snapshot, in bounded memory (about 600 MB at most).

    Every file is written before the first is replaced, so a failed export changes nothing.

    Args:
        postgres_url: Where the record is.
        folder: Gets one `<table>.parquet` per table; made when missing.
        tables: Table → columns to leave out.

    Returns:
        Table → rows written.

    Raises:
        PermanentError: A table is missing, or a column has a type that TYPES doesn't know.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as scratch,
        psycopg.connect(postgres_url, options="-c timezone=UTC -c datestyle=ISO -c extra_float_digits=1") as record,
        duckdb.connect(config={**BOUNDS, "temp_directory": scratch}) as writer,
    ):
        record.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        record.read_only = True
        rows = {
            table: _export_table(record, writer, table, without, Path(scratch)) for table, without in tables.items()
        }
        for table in tables:
            Path(scratch, f"{table}.parquet").replace(folder / f"{table}.parquet")
    return rows


def _export_table(
    record: psycopg.Connection[Any],
    writer: duckdb.DuckDBPyConnection,
    table: str,
    without: frozenset[str],
    scratch: Path,
) -> int:
    """Copy one table out as CSV and write it as Parquet; the CSV keeps memory bounded and every type exact."""
    columns = _columns(record, table, without)
    # PostgreSQL's and DuckDB's array literals differ; JSON is what both read alike.
    picked = sql.SQL(", ").join(
        sql.SQL("to_jsonb({0}) AS {0}" if kind.endswith("[]") else "{}").format(sql.Identifier(name))
        for name, kind in columns.items()
    )
    query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv, HEADER)").format(picked, sql.Identifier(table))
    csv, parquet = scratch / f"{table}.csv", scratch / f"{table}.parquet"
    with csv.open("wb") as out, record.cursor().copy(query) as copied:
        for chunk in copied:
            out.write(chunk)
    read = {name: "VARCHAR" if kind.endswith("[]") else kind for name, kind in columns.items()}
    # Not a cast to the array: the optimizer pushes it into read_csv, which takes the text for DuckDB's own literal.
    kept = ", ".join(
        f"""from_json({_quoted(name)}::JSON, '["{kind.removesuffix("[]")}"]') AS {_quoted(name)}"""
        if kind.endswith("[]")
        else _quoted(name)
        for name, kind in columns.items()
    )
    written = writer.execute(
        f"""
        COPY (
            SELECT {kept} FROM read_csv($csv, columns = $columns, auto_detect = false, header = true, delim = ',',
                quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, new_line = '\\n',
                parallel = false, max_line_size = {LONGEST_ROW}, buffer_size = {2 * LONGEST_ROW})
        ) TO '{parquet.as_posix().replace("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE_BYTES '64MB')
        """,  # noqa: S608 - names come from the catalogue and are quoted
        {"csv": csv.as_posix(), "columns": read},
    ).fetchone()
    csv.unlink()
    if written is None:
        raise PermanentError(f"table={table!r}: no row count came back from the Parquet writer")
    return int(written[0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _columns(record: psycopg.Connection[Any], table: str, without: frozenset[str]) -> dict[str, str]:
    """The other columns of a table in their order → type in DuckDB's words."""
    found = record.execute(
        """
        SELECT a.attname, CASE t.typtype WHEN 'e' THEN 'text' ELSE format_type(a.atttypid, NULL) END
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (%s)
        ORDER BY a.attnum
        """,
        [_quoted(table), list(without)],
    ).fetchall()
    if not found:
        raise PermanentError(f"table={table!r} is not in the record: run `engine db upgrade`")
    unknown = {name: kind for name, kind in found if kind not in TYPES}
    if unknown:
        raise PermanentError(
            f"{table=} has columns of types with no Parquet type: {unknown}; extend TYPES or leave out"
        )
    return {name: TYPES[kind] for name, kind in found}


@dataclass(frozen=True)
class Warehouse:
    """The warehouse of one record, in one folder."""

    postgres_url: str
    folder: Path

    @property
    def parquet(self) -> Path:
        """Folder of the exported Parquet files."""
        return self.folder / "parquet"

    @property
    def duckdb(self) -> Path:
        """The file that analysts open."""
        return self.folder / "engine.duckdb"

    def export(self) -> dict[str, int]:
        """Replace the Parquet files by a snapshot of the record; see `export`."""
        return export(self.postgres_url, self.parquet)

    @contextmanager
    def building(self) -> Iterator[Build]:
        """Where to build the DuckDB file: it takes the place of the old one when the block ends without an error.

        Whoever has the old file open keeps it. Builds must not overlap: the second one would remove what the first
        one builds.
        """
        scratch = self.folder / ".build"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        # DuckDB names the database after the file, so the file has its final name from the start.
        build = Build(parquet=self.parquet, duckdb=scratch / self.duckdb.name, target_path=scratch / "target")
        yield build
        build.duckdb.replace(self.duckdb)
        shutil.rmtree(scratch)

    def build(self) -> None:
        """Build and test the DuckDB file outside Dagster. Raises PermanentError with dbt's words when that fails."""
        with self.building() as build:
            _dbt("build", *build.arguments, target_path=build.target_path)

    def build_views(self) -> list[str]:
        """Build the marts as views in PostgreSQL's schema `marts`, whatever is in the tables.

        Returns:
            The names of the views.

        Raises:
            PermanentError: dbt failed; the message has its words.
        """
        options = psycopg.pq.Conninfo.parse(self.postgres_url.encode())
        libpq = {o.envvar.decode(): o.val.decode() for o in options if o.envvar and o.val is not None}
        libpq["DBT_ENV_SECRET_PGPASSWORD"] = libpq.pop("PGPASSWORD", "")
        with tempfile.TemporaryDirectory() as target:
            _dbt(*("run", "--target", "postgres", "--select", "marts"), target_path=Path(target), environment=libpq)
            results = json.loads(Path(target, "run_results.json").read_text())["results"]
        return [result["relation_name"] for result in results]


@dataclass(frozen=True)
class Build:
    """One build of the DuckDB file."""

    parquet: Path
    duckdb: Path
    target_path: Path

    @property
    def arguments(self) -> list[str]:
        """What dbt is told of it."""
        paths = {"parquet": self.parquet.as_posix().replace("'", "''"), "duckdb": self.duckdb.as_posix()}
        return ["--vars", json.dumps(paths)]


def _dbt(*arguments: str, target_path: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run dbt on the project; logs and artifacts go to target_path. Raises PermanentError with dbt's last words."""
    project, target = str(PROJECT), str(target_path)
    where = ["--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target]
    done = subprocess.run(
        [dbt_executable(), "--no-use-colors", *arguments, *where],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PermanentError(f"dbt {arguments[0]} failed:\n{(done.stdout + done.stderr)[-4000:]}")


def dbt_executable() -> str:
    """The dbt of this Python's environment, whether or not the environment is activated."""
    found = shutil.which("dbt", path=sysconfig.get_path("scripts"))
    if found is None:
        raise PermanentError(f"dbt is not installed beside {sys.executable}: install the project's requirements")
    return found


def manifest_path() -> Path:
    """The manifest of the dbt project, made when it is missing or older than the project's files.

    Made: some seconds, once. Current: milliseconds, no dbt imported. Several processes may ask at once.
    """
    manifest, stamp = PROJECT / "target" / "manifest.json", PROJECT / "target" / "manifest.digest"
    digest = project_digest()
    if not (manifest.exists() and stamp.exists() and stamp.read_text() == digest):
        manifest.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PROJECT / "target", prefix=".parse-") as scratch:
            _dbt("parse", target_path=Path(scratch))
            for made in ("partial_parse.msgpack", "manifest.json"):
                Path(scratch, made).replace(manifest.with_name(made))
            Path(scratch, "stamp").write_text(digest)
            Path(scratch, "stamp").replace(stamp)
    return manifest


def project_digest() -> str:
    """Changes with any file of the dbt project and with dbt's version."""
    seen = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for path in sorted(PROJECT.rglob("*")):
        inside = path.relative_to(PROJECT)
        if path.suffix in {".sql", ".yml"} and inside.parts[0] not in {"target", "logs"} and path.name != ".user.yml":
            seen.update(f"\0{inside.as_posix()}\0".encode() + path.read_bytes())
    return seen.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(f"{manifest_path()}\n")
