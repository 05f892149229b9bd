"""Dagster's storage as a command leaves it for the runs that come."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from assets.pools import POOLS
from cli.instance import running
from resources.settings import Settings


@pytest.mark.slow
@pytest.mark.parametrize("lost", [set(), {"gpu"}], ids=["new", "of an older version"])
def test_every_pool_has_its_slot_before_the_first_run(
    lost: set[str], bare_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "DAGSTER_POSTGRES_URL", "DAGSTER_HOME"):
        monkeypatch.setenv(name, "")
    settings = Settings(data_dir=tmp_path, database_url=bare_url)
    with running(settings) as instance, psycopg.connect(instance.dagster_url, autocommit=True) as connection:
        connection.execute("DELETE FROM concurrency_limits WHERE concurrency_key = ANY(%s)", [list(lost)])
    with running(settings) as instance, psycopg.connect(instance.dagster_url) as connection:
        rows = connection.execute('SELECT concurrency_key, "limit" FROM concurrency_limits').fetchall()
        slots = connection.execute("SELECT concurrency_key FROM concurrency_slots WHERE NOT deleted").fetchall()
    assert dict(rows) == dict.fromkeys(POOLS, 1)
    assert sorted(pool for (pool,) in slots) == sorted(POOLS)
