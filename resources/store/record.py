"""The record as a whole: its connections, its transactions, and what goes wrong said in the project's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from threading import Lock
from types import TracebackType
from typing import Self

import psycopg
from pgvector.psycopg import register_vector
from psycopg import errors, sql
from psycopg.types import TypeInfo
from psycopg_pool import ConnectionPool, PoolTimeout

from resources.errors import PermanentError, TransientError
from resources.postgres import connection_error, host_of
from resources.store.audit import Audit
from resources.store.backtests import Backtests
from resources.store.decisions import Decisions
from resources.store.designs import Designs
from resources.store.erasure import Erasure
from resources.store.events import Events
from resources.store.gates import Gates
from resources.store.health import Health
from resources.store.hot import Hot
from resources.store.hot_topics import HotTopics
from resources.store.ideas import Ideas
from resources.store.inbox import Inbox
from resources.store.listings import Listings
from resources.store.metrics import Metrics
from resources.store.mockups import Mockups
from resources.store.niches import Niches
from resources.store.reembedding import Reembedding
from resources.store.refusals import Refusals
from resources.store.retention import Retention
from resources.store.seasons import Seasons
from resources.store.signals import Signals
from resources.store.spending import Spending
from resources.store.staging import Connection
from resources.store.topics import Topics
from resources.store.trend_store import TrendStore
from resources.store.weights import ScoringWeights

CONNECT_LIMIT_S = 10.0
HOURLY_TABLES = (
    "signal_observations",
    "quarantine",
    "ideas",
    "designs",
    "mockups",
    "listings",
    "listing_metrics",
    "source_health",
    "hot_topics",
    "refusals",
)
OTHER_TABLES = (
    *("signals", "scoring_weights", "approvals", "metric_reports", "experiments", "decisions"),
    *("webhook_inbox", "events", "source_digests", "source_gates", "quota_ledger", "audit_log", "forgotten"),
    *("niche_embeddings", "backtests", "picture_spending"),
)


class Transaction:
    """The tables, inside one transaction: all that is written here lasts, or nothing of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def signals(self) -> Signals:
        """Signals, their observations, and quarantine."""
        return Signals(self._connection)

    @cached_property
    def topics(self) -> Topics:
        """Which signals tell of the same thing."""
        return Topics(self._connection)

    @cached_property
    def hot_topics(self) -> HotTopics:
        """What is trending."""
        return HotTopics(self._connection)

    @cached_property
    def ideas(self) -> Ideas:
        """Scored ideas and their vectors."""
        return Ideas(self._connection)

    @cached_property
    def seasons(self) -> Seasons:
        """Ideas that wait for their event to come again."""
        return Seasons(self._connection)

    @cached_property
    def refusals(self) -> Refusals:
        """Ideas that got no design or no mock-up, and why."""
        return Refusals(self._connection)

    @cached_property
    def spending(self) -> Spending:
        """What painters were paid."""
        return Spending(self._connection)

    @cached_property
    def designs(self) -> Designs:
        """Artwork."""
        return Designs(self._connection)

    @cached_property
    def mockups(self) -> Mockups:
        """Pictures of products."""
        return Mockups(self._connection)

    @cached_property
    def listings(self) -> Listings:
        """Listings and approvals."""
        return Listings(self._connection)

    @cached_property
    def metrics(self) -> Metrics:
        """What the marketplaces report."""
        return Metrics(self._connection)

    @cached_property
    def niches(self) -> Niches:
        """What the communities of each niche write about."""
        return Niches(self._connection)

    @cached_property
    def weights(self) -> ScoringWeights:
        """Versions of the weights of the score."""
        return ScoringWeights(self._connection)

    @cached_property
    def trends(self) -> TrendStore:
        """The past, hour by hour."""
        return TrendStore(self._connection)

    @cached_property
    def backtests(self) -> Backtests:
        """What was tried against the weights in force."""
        return Backtests(self._connection)

    @cached_property
    def decisions(self) -> Decisions:
        """Choices and their evidence."""
        return Decisions(self._connection)

    @cached_property
    def audit(self) -> Audit:
        """Who looked at raw data or erased it."""
        return Audit(self._connection)

    @cached_property
    def erasure(self) -> Erasure:
        """What is somebody's."""
        return Erasure(self._connection)

    @cached_property
    def reembedding(self) -> Reembedding:
        """Vectors of another model."""
        return Reembedding(self._connection)

    @cached_property
    def retention(self) -> Retention:
        """What ends after a time."""
        return Retention(self._connection)

    @cached_property
    def hot(self) -> Hot:
        """Webhooks on their way through a hot run."""
        return Hot(self._connection)

    @cached_property
    def events(self) -> Events:
        """The log of state changes."""
        return Events(self._connection)

    @cached_property
    def health(self) -> Health:
        """How the sources did, and what they said last."""
        return Health(self._connection)

    @cached_property
    def gates(self) -> Gates:
        """What holds sources back, and what is spent of their quotas."""
        return Gates(self._connection)

    @cached_property
    def inbox(self) -> Inbox:
        """Signed webhooks as they came."""
        return Inbox(self._connection)


class Store:
    """The record on a PostgreSQL server. Connects when first used; safe to share between threads."""

    def __init__(self, url: str, *, connections: int = 8) -> None:
        self.url = url
        self._pool = ConnectionPool(
            url,
            kwargs={"connect_timeout": int(CONNECT_LIMIT_S), "application_name": "design-idea-engine"},
            min_size=0,
            max_size=connections,
            timeout=CONNECT_LIMIT_S,
            configure=_configure,
            check=ConnectionPool.check_connection,
            open=False,
        )
        self._opening = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The store can't be used afterwards."""
        self._pool.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection with an open transaction: committed at the end, rolled back when the block raises.

        Raises:
            TransientError: the server does not answer, went away, or chose us to break a deadlock.
            PermanentError: the server refuses us, is full, lacks the schema, or a constraint refuses the write.
        """
        try:
            self._open()
            with self._pool.connection() as connection:
                yield connection
        except PoolTimeout as error:
            raise TransientError(f"PostgreSQL at {host_of(self.url)} gave no connection: {error}") from error
        except psycopg.Error as error:
            raise self._translated(error) from error

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """The tables inside one transaction; errors as of `connection`."""
        with self.connection() as connection:
            yield Transaction(connection)

    def counts(self, hour: datetime | None = None) -> dict[str, int]:
        """Rows by table.

        Args:
            hour: count only what belongs to this hour; tables that know no hour are left out then.
        """
        tables = HOURLY_TABLES if hour is not None else (*HOURLY_TABLES, *OTHER_TABLES)
        where = sql.SQL("WHERE hour = %(hour)s" if hour is not None else "")
        parts = [
            sql.SQL("SELECT {}, count(*) FROM {} {}").format(sql.Literal(table), sql.Identifier(table), where)
            for table in tables
        ]
        with self.connection() as connection:
            return dict(connection.execute(sql.SQL(" UNION ALL ").join(parts), {"hour": hour}).fetchall())

    def newest_hours(self) -> dict[str, datetime | None]:
        """The newest hour that has rows, by table; None where there are none."""
        parts = [
            sql.SQL("SELECT {}, max(hour) FROM {}").format(sql.Literal(table), sql.Identifier(table))
            for table in HOURLY_TABLES
        ]
        with self.connection() as connection:
            return dict(connection.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall())

    def _open(self) -> None:
        with self._opening:
            if not self._pool.closed:
                return
            # The pool would only say that it timed out; a connection of our own says why.
            try:
                with psycopg.connect(self.url, connect_timeout=int(CONNECT_LIMIT_S)) as probe:
                    migrated = TypeInfo.fetch(probe, "vector") is not None
            except psycopg.OperationalError as error:
                raise connection_error(self.url, error) from error
            if not migrated:
                raise PermanentError(
                    f"the database at {host_of(self.url)} has no pgvector: migrate it (run `engine db upgrade`)"
                )
            self._pool.open()

    def _translated(self, error: psycopg.Error) -> PermanentError | TransientError:
        where, said = host_of(self.url), error.diag.message_primary or str(error)
        hint = f": {error.diag.message_hint}" if error.diag.message_hint else ""
        match error:
            case errors.UndefinedTable() | errors.UndefinedColumn() | errors.UndefinedObject():
                return PermanentError(
                    f"the schema at {where} is not this version's ({said}): migrate it (run `engine db upgrade`)"
                )
            case errors.DiskFull():
                return PermanentError(f"the disk of PostgreSQL at {where} is full ({said}): free some, then run again")
            case psycopg.OperationalError():
                return TransientError(f"PostgreSQL at {where}: {said}")
            case psycopg.IntegrityError() | psycopg.DataError():
                return PermanentError(f"PostgreSQL at {where} refuses the write: {said}{hint}")
        return PermanentError(f"PostgreSQL at {where} does not understand us: {said}{hint}")


def _configure(connection: Connection) -> None:
    """Vectors as numpy arrays, times as UTC."""
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'")
    register_vector(connection)
    connection.autocommit = False
