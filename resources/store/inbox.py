"""The inbox of signed webhooks: what is told to the sender as received stands here, once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final, LiteralString, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from pipeline.models import Json, identity
from resources.store.staging import Connection

CHANNEL: Final = "webhook_inbox"
"""The PostgreSQL channel that is notified, with an empty payload, whenever messages are there that were not before."""

RECEIVE: LiteralString = """
INSERT INTO webhook_inbox (id, source, webhook_id, headers, body)
SELECT * FROM unnest(%(ids)s::uuid[], %(sources)s::text[], %(webhook_ids)s::text[], %(headers)s::jsonb[],
    %(bodies)b::bytea[])
ON CONFLICT DO NOTHING
RETURNING id
"""
KNOWN: LiteralString = "SELECT id, sha256(body) FROM webhook_inbox WHERE id = ANY(%(ids)s)"


class Message(NamedTuple):
    """A verified message of a webhook's source."""

    source: str
    webhook_id: str
    headers: Json
    """What matters of its headers, without signatures."""
    body: bytes
    """Byte for byte as it came."""

    @property
    def id(self) -> UUID:
        """The id of the row in `webhook_inbox`."""
        return identity("webhook", self.source, self.webhook_id)


class Receipt(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """The same id was there with the same body."""
    CONFLICT = "conflict"
    """The same id was there with another body; this one is not kept."""


class Inbox:
    """Statements on `webhook_inbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def receive(self, messages: Sequence[Message]) -> list[Receipt]:
        """Write the messages whose ids are new, and notify CHANNEL if there are any.

        When the transaction has committed they outlast a crash of the server, whatever its settings say. Of two that
        write the same id at once, the later waits for the earlier to commit: a duplicate is always of what is stored.

        Returns:
            What became of each, in the order of the messages.
        """
        run = self._connection.execute
        run("SET LOCAL synchronous_commit = on")
        first: dict[UUID, Message] = {}
        for message in messages:
            first.setdefault(message.id, message)
        ids = sorted(first)
        rows = [first[id_] for id_ in ids]
        values = {
            "ids": ids,
            "sources": [row.source for row in rows],
            "webhook_ids": [row.webhook_id for row in rows],
            "headers": [Jsonb(row.headers) for row in rows],
            "bodies": [row.body for row in rows],
        }
        new = {id_ for (id_,) in run(RECEIVE, values)}
        if new:
            run("SELECT pg_notify(%s, '')", [CHANNEL])
        digests = {id_: _digest(first[id_]) for id_ in new}
        if known := [id_ for id_ in ids if id_ not in new]:
            digests |= run(KNOWN, {"ids": known}).fetchall()
        return [
            Receipt.ACCEPTED
            if message.id in new and message is first[message.id]
            else _told_again(message, digests.get(message.id))
            for message in messages
        ]

    def counts(self) -> dict[str, int]:
        """How many messages there are, by status."""
        return dict(self._connection.execute("SELECT status::text, count(*) FROM webhook_inbox GROUP BY 1").fetchall())

    def oldest_waiting(self) -> timedelta | None:
        """For how long the oldest message that no run has taken has been waiting; None when none waits."""
        statement: LiteralString = "SELECT now() - min(received_at) FROM webhook_inbox WHERE status = 'received'"
        (age,) = self._connection.execute(statement).fetchall()[0]
        return age if age is None else timedelta(seconds=age.total_seconds())


def _digest(message: Message) -> bytes:
    return hashlib.sha256(message.body).digest()


def _told_again(message: Message, stored: bytes | None) -> Receipt:
    """None: it stood there a moment ago and was deleted for its age since."""
    return Receipt.DUPLICATE if stored in (None, _digest(message)) else Receipt.CONFLICT
