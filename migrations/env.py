"""How Alembic reaches the database: on the connection it is handed, else on the database of the settings."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from resources.errors import PermanentError
from resources.postgres import database_urls
from resources.settings import settings
from resources.store import schema


def migrate(connection: Connection) -> None:
    """Run what the command asks for, on this connection and in its transaction."""
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise PermanentError("--sql is not offered: migrations run on a database; leave the flag out")
if (handed := context.config.attributes.get("connection")) is not None:
    migrate(handed)
else:
    with database_urls(settings()) as urls, schema.connection(urls.engine) as own:
        migrate(own)
