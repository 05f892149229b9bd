"""The inbox keeps each message once, whoever writes it, and says what waits."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg

from resources.store import Store, Transaction
from resources.store.inbox import Message, Receipt


def message(webhook_id: str, body: bytes = b"{}", source: str = "acme") -> Message:
    return Message(source=source, webhook_id=webhook_id, headers={"webhook-id": webhook_id}, body=body)


def receive(store: Store, *messages: Message) -> list[Receipt]:
    with store.transaction() as tx:
        return tx.inbox.receive(messages)


def test_a_batch_tells_of_each_message_in_its_order(store: Store) -> None:
    assert receive(store, message("b"), message("a")) == [Receipt.ACCEPTED, Receipt.ACCEPTED]
    found = receive(
        store,
        message("a", b"[]"),
        message("c", b"\x00\xff"),
        message("c", b"\x00\xff"),
        message("c", b"other"),
        message("b"),
        message("b", source="other"),
    )
    assert found == [
        Receipt.CONFLICT,
        Receipt.ACCEPTED,
        Receipt.DUPLICATE,
        Receipt.CONFLICT,
        Receipt.DUPLICATE,
        Receipt.ACCEPTED,
    ]
    with store.connection() as connection:
        rows = connection.execute("SELECT source, webhook_id, body FROM webhook_inbox ORDER BY 1, 2").fetchall()
    assert rows == [("acme", "a", b"{}"), ("acme", "b", b"{}"), ("acme", "c", b"\x00\xff"), ("other", "b", b"{}")]


def test_nothing_to_receive_is_nothing(store: Store) -> None:
    assert receive(store) == []


def test_a_duplicate_waits_until_the_first_is_committed(store: Store) -> None:
    told: list[Receipt] = []
    with store.transaction() as tx:
        tx.inbox.receive([message("a")])
        other = threading.Thread(target=lambda: told.extend(receive(store, message("a"))))
        other.start()
        other.join(timeout=0.3)
        assert told == [], "it may still be rolled back"
    other.join()
    assert told == [Receipt.DUPLICATE]


def test_a_rolled_back_message_was_never_there(store: Store) -> None:
    with store.connection() as connection:
        Transaction(connection).inbox.receive([message("a")])
        connection.rollback()
    assert receive(store, message("a")) == [Receipt.ACCEPTED]


def test_a_commit_is_flushed_whatever_the_server_is_set_to(store: Store, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "ALTER ROLE CURRENT_USER IN DATABASE " + connection.info.dbname + " SET synchronous_commit = off"
        )
    with store.connection() as connection:
        assert connection.execute("SHOW synchronous_commit").fetchall() == [("off",)]
    with store.transaction() as tx:
        tx.inbox.receive([message("a")])
        assert tx.inbox._connection.execute("SHOW synchronous_commit").fetchall() == [("on",)]


def test_what_waits_is_counted_and_its_age_known(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.inbox.counts() == {}
        assert tx.inbox.oldest_waiting() is None
    receive(store, message("a"), message("b"), message("c"))
    with store.connection() as connection:
        connection.execute("UPDATE webhook_inbox SET received_at = now() - interval '3 hours' WHERE webhook_id = 'b'")
        connection.execute(
            "UPDATE webhook_inbox SET received_at = now() - interval '9 hours', status = 'processed', "
            "processed_at = now() WHERE webhook_id = 'c'"
        )
    with store.transaction() as tx:
        assert tx.inbox.counts() == {"received": 2, "processed": 1}
        age = tx.inbox.oldest_waiting()
    assert age is not None
    assert timedelta(hours=3) <= age < timedelta(hours=3, minutes=1)
