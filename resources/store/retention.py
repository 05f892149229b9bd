"""What the record keeps of raw data only for a time: quarantined excerpts and webhooks that are done with."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

from resources.store.staging import Connection

EXPIRE_QUARANTINE: LiteralString = "DELETE FROM quarantine WHERE hour < %(before)s"
EXPIRE_WEBHOOKS: LiteralString = """
DELETE FROM webhook_inbox WHERE received_at < %(before)s AND status IN ('processed', 'refused')
"""
EXPIRE_LEDGER: LiteralString = "DELETE FROM quota_ledger WHERE spent_at < %(before)s"


class Retention:
    """Statements that end what has been kept long enough."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def expire(self, before: datetime) -> dict[str, int]:
        """Delete what is older than the moment; a webhook that waits is never touched. Returns rows by table."""
        return {
            table: self._connection.execute(statement, {"before": before}).rowcount
            for table, statement in (
                ("quarantine", EXPIRE_QUARANTINE),
                ("webhook_inbox", EXPIRE_WEBHOOKS),
                ("quota_ledger", EXPIRE_LEDGER),
            )
        }
