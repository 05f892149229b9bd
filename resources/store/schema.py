"""The version of the schema: bring a database up to it, down from it, or ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg.errors import FeatureNotSupported, InsufficientPrivilege, OperationalError
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from resources.errors import PermanentError, TransientError
from resources.postgres import host_of
from resources.settings import ROOT

MIGRATION_LOCK = 0x1DEA
"""Key of the advisory lock that whoever migrates holds till the end of the transaction."""


def upgrade(url: str, to: str = "head") -> None:
    """Bring the database up to a revision, in one transaction; concurrent calls wait for one another.

    Args:
        url: `postgresql://…`, as everywhere.
        to: a revision, or `head`.

    Raises:
        TransientError: the server does not answer.
        PermanentError: it has no pgvector, or one that is too old, or we may not create its extension or our tables.
    """
    with connection(url) as conn:
        command.upgrade(_config(conn), to)


def downgrade(url: str, to: str) -> None:
    """Take the database down to a revision (`base`: before the first), in one transaction. Data is lost."""
    with connection(url) as conn:
        command.downgrade(_config(conn), to)


def current(url: str) -> str | None:
    """The revision that the database is at; None before the first."""
    with connection(url) as conn:
        return MigrationContext.configure(conn).get_current_revision()


@contextmanager
def connection(url: str) -> Iterator[Connection]:
    """A connection with an open transaction that holds the migration lock."""
    parts = urlsplit(url)
    engine = create_engine(urlunsplit(parts._replace(scheme="postgresql+psycopg")), poolclass=NullPool)
    where = host_of(url)
    try:
        with engine.begin() as conn:
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            yield conn
    except DBAPIError as error:
        match error.orig:
            case FeatureNotSupported() | InsufficientPrivilege() as refusal:
                said, hint = refusal.diag.message_primary, refusal.diag.message_hint or "let its owner run it"
                raise PermanentError(f"PostgreSQL at {where} can't be migrated: {said}: {hint}") from error
            case OperationalError() as failure:
                raise TransientError(f"PostgreSQL at {where} failed while migrating: {failure}") from error
        raise


def _config(conn: Connection) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = conn
    return config
