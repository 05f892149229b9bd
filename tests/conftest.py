"""Fixtures of every room: a real PostgreSQL of the suite's own, and an object store in a temporary folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from psycopg import sql

from resources.objects import Objects
from resources.postgres import EmbeddedPostgres
from resources.settings import ROOT, Settings
from resources.store import Store, schema
from tests.redises import RedisServer, redis_server
from tests.worlds import RunHour, World

# No test fails because the machine had other work. In CI the examples are the same each time, so that it judges the
# change; new ones are looked for by whoever works on it.
hypothesis.settings.register_profile("engine", deadline=None, derandomize="ENGINE_CI" in os.environ)
hypothesis.settings.load_profile("engine")

TEMPLATE = "template_engine"


def database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that any user may pass through, as pytest's own is not: root hands its server to another user.

    In memory where there is room: a disk that others use makes a server slow to make.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**31
    with tempfile.TemporaryDirectory(prefix="engine-", dir=memory if roomy else None) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A temporary folder fit for a server."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An embedded server for the whole run, with a migrated database to clone; its URL."""
    with open_folder() as folder, EmbeddedPostgres(folder) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        schema.upgrade(database(url, TEMPLATE))
        yield url


@contextmanager
def cloned(postgres_url: str, template: str) -> Iterator[str]:
    """A fresh database like the template, dropped afterwards; its URL."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        fresh, model = sql.Identifier(name), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(fresh, model))
        yield database(postgres_url, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(fresh))


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """A fresh migrated database; its URL."""
    with cloned(postgres_url, TEMPLATE) as url:
        yield url


@pytest.fixture
def bare_url(postgres_url: str) -> Iterator[str]:
    """A fresh database that was never migrated; its URL."""
    with cloned(postgres_url, "template0") as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """The record, on a fresh migrated database."""
    with Store(database_url) as opened:
        yield opened


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    """An object store in a folder."""
    return Objects(str(tmp_path / "objects"))


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis on a port of this machine, with a password and nothing in it."""
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    """An engine of its own."""
    return World(tmp_path, database_url)


@pytest.fixture(scope="session")
def whole_hour(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunHour]:
    """An hour of two designs on every marketplace, run once for the whole suite: only look at it."""
    every = Settings.model_fields["marketplaces"].default
    with cloned(postgres_url, TEMPLATE) as url:
        ran = World(tmp_path_factory.mktemp("whole"), url, designs_per_hour=2, marketplaces=every)
        yield RunHour(ran, ran.run("sources"), ran.run("hour"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the shared sample data (ENGINE_SHARED, else `../shared` beside the repository)."""
    folder = Path(os.environ.get("ENGINE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no sample data at {folder}: set ENGINE_SHARED to its folder")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every skip for want of something that CI must have."""
    for report in _unwanted_skips(terminalreporter):
        terminalreporter.write_line(f"SKIPPED IN CI: {report.nodeid}: {report.longrepr}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where ENGINE_CI is set, all is there: a skip for another reason than a missing GPU fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _unwanted_skips(reporter) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unwanted_skips(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    skipped = reporter.stats.get("skipped", []) if os.environ.get("ENGINE_CI") else []
    return [report for report in skipped if "GPU" not in str(report.longrepr)]
