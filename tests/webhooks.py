"""Webhooks as the ingress leaves them in the inbox, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from pipeline.models import identity
from tests.worlds import HOUR

SENDER = "shop"
EARLY = HOUR + timedelta(minutes=5)


def body_of(*titles: str, name: str = "item") -> bytes:
    """A message that tells of things."""
    items = [{"id": f"{name}-{n}", "title": title, "likes": 900} for n, title in enumerate(titles)]
    return json.dumps({"type": "trend.spike", "timestamp": EARLY.isoformat(), "data": {"items": items}}).encode()


def receive(url: str, webhook_id: str, body: bytes | str, at: datetime = EARLY) -> UUID:
    """Receive a message, or one that tells of a title. Returns the id of its row."""
    id_ = identity("webhook", SENDER, webhook_id)
    whole = body_of(body, name=webhook_id) if isinstance(body, str) else body
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO webhook_inbox (id, source, webhook_id, headers, body, received_at) "
            "VALUES (%s, %s, %s, '{}', %s, %s)",
            (id_, SENDER, webhook_id, whole, at),
        )
        connection.execute("NOTIFY webhook_inbox")
    return id_


def statuses(url: str) -> dict[str, str]:
    """Message → its status."""
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT webhook_id, status::text FROM webhook_inbox").fetchall())


def listings_of(url: str) -> dict[str, int]:
    """Message → how many listings are handed over that came of its signals."""
    query = """
        SELECT w.webhook_id, count(l.id) FILTER (WHERE l.handed_over_at IS NOT NULL) FROM webhook_inbox w
        LEFT JOIN ideas i ON i.signal_id = ANY(w.signal_ids) LEFT JOIN listings l ON l.idea_id = i.id GROUP BY 1"""
    with psycopg.connect(url) as connection:
        return dict(connection.execute(query).fetchall())


def leave(url: str, run_id: str, webhook_ids: Sequence[str], attempts: int, hour: datetime = HOUR) -> None:
    """Let messages look as if a run that is no more had taken them."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE webhook_inbox SET status = 'taken', run_id = %s, attempts = %s, hour = %s "
            "WHERE webhook_id = ANY(%s)",
            (run_id, attempts, hour, list(webhook_ids)),
        )
