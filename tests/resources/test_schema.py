"""The schema goes up, down and up again, and explains itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from resources.errors import PermanentError, TransientError
from resources.store import schema

UNCOMMENTED = """
SELECT c.relname, a.attname FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
    AND col_description(c.oid, a.attnum) IS NULL
UNION ALL
SELECT c.relname, '(table)' FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
    AND obj_description(c.oid, 'pg_class') IS NULL
"""
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_every_table_and_column_has_a_comment(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute(UNCOMMENTED).fetchall() == []
    assert one(database_url, TABLES) == 26


def test_goes_down_to_nothing_and_up_again(database_url: str) -> None:
    assert schema.current(database_url) == "0005"
    schema.downgrade(database_url, "base")
    assert schema.current(database_url) is None
    assert one(database_url, TABLES) == 0
    assert one(database_url, "SELECT count(*) FROM pg_type WHERE typtype = 'e'") == 0
    schema.upgrade(database_url)
    assert schema.current(database_url) == "0005"
    assert one(database_url, "SELECT count(*) FROM scoring_weights WHERE status = 'in_force'") == 1


def test_upgrades_at_the_same_time_take_turns(database_url: str) -> None:
    schema.downgrade(database_url, "base")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(schema.upgrade, [database_url] * 4))
    assert one(database_url, "SELECT count(*) FROM scoring_weights") == 1


def test_no_server_is_a_transient_error_that_keeps_the_password() -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:9/engine") as caught:
        schema.upgrade("postgresql://engine:s3cret@127.0.0.1:9/engine")
    assert "s3cret" not in str(caught.value)


def test_a_pgvector_that_is_too_old_is_named_with_its_mend(bare_url: str) -> None:
    with psycopg.connect(bare_url) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")
    with pytest.raises(PermanentError, match=r"version 0\.7\.4, and 0\.8 or newer.*ALTER EXTENSION vector UPDATE"):
        schema.upgrade(bare_url)
    assert schema.current(bare_url) is None


def test_a_user_without_the_rights_is_told_whose_they_are(bare_url: str) -> None:
    parts = urlsplit(bare_url)
    guest = urlunsplit(parts._replace(netloc=f"guest:guest@127.0.0.1:{parts.port}"))
    with psycopg.connect(bare_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
        with pytest.raises(PermanentError, match="permission denied for schema public: let its owner run it"):
            schema.upgrade(guest)
        connection.execute("GRANT CREATE ON SCHEMA public TO guest")
        with pytest.raises(PermanentError, match='permission denied to create extension "vector": Must be superuser'):
            schema.upgrade(guest)
        connection.execute("DROP OWNED BY guest")
        connection.execute("DROP ROLE guest")
