"""What every command needs before it can work: the database running and migrated, and Dagster's home beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from assets.pools import POOLS
from resources.postgres import database_urls, holds_table
from resources.settings import ROOT, Settings
from resources.store import schema


@dataclass(frozen=True)
class Instance:
    """A running database and the environment that points every child process and Dagster at it."""

    store_url: str
    dagster_url: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs beside its parent's environment."""
        return {
            "DATABASE_URL": self.store_url,
            "DAGSTER_POSTGRES_URL": self.dagster_url,
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONUNBUFFERED": "1",
        }


@contextmanager
def running(settings: Settings) -> Iterator[Instance]:
    """The database, started if it is the embedded one and not running yet, migrated; stopped again if started here.

    Raises:
        PermanentError: the database can't be started or reached; the message names the mend.
    """
    with database_urls(settings) as urls:
        schema.upgrade(urls.engine)
        home = settings.data_dir.resolve() / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
        instance = Instance(store_url=urls.engine, dagster_url=urls.dagster, home=home)
        os.environ.update(instance.environment)
        _make_dagster_storage(instance)
        yield instance


def _make_dagster_storage(instance: Instance) -> None:
    """Let one process make Dagster's tables and pools: several that start at once would be in each other's way."""
    with schema.connection(instance.store_url):
        if not _has_pools(instance.dagster_url):
            subprocess.run([sys.executable, "-m", "cli.storage"], check=True, stdout=subprocess.DEVNULL)


def _has_pools(url: str) -> bool:
    if not holds_table(url, "concurrency_limits"):
        return False
    with psycopg.connect(url) as connection:
        known = connection.execute("SELECT concurrency_key FROM concurrency_limits").fetchall()
    return {pool for (pool,) in known} >= POOLS
