"""What stands between a verified message and its row: the rate of its source, and the commit that many share.

What belongs here: when a message is written, and when its sender has to wait. What does not: HTTP, and SQL.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Final

from resources.errors import TransientError
from resources.store import Store
from resources.store.inbox import Message, Receipt
from resources.webhooks import WebhookSource

logger = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 10.0
"""A sender is told to come again when its message could not be stored by then."""
WAITING_BYTES: Final = 64 * 2**20
"""What may wait to be written; messages beyond it are sent back."""
ROW_BYTES: Final = 4096
"""What a waiting message takes beside its body."""


class TokenBucket:
    """So many in a minute, and as many at once."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._capacity = self._tokens = float(per_minute)
        self._per_second = per_minute / 60
        self._at = now

    def take(self, now: float) -> float:
        """Take a token: 0.0, or the seconds until there will be one. `now` is of a monotonic clock."""
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._per_second
        self._tokens -= 1
        return 0.0


class Intake:
    """The senders, their rates, and the way into the inbox. Belongs to one event loop.

    While a transaction commits, the messages that arrive gather; then one transaction writes them all. So the cost of
    a commit is shared by as many as come in its time, and nobody waits for a timer.
    """

    def __init__(self, store: Store, sources: Mapping[str, WebhookSource]) -> None:
        self._store = store
        self.sources = sources
        self._buckets = {name: TokenBucket(s.rate_per_minute, time.monotonic()) for name, s in sources.items()}
        self._waiting: list[tuple[Message, asyncio.Future[Receipt]]] = []
        self._bytes = 0
        self._writer: asyncio.Task[None] | None = None

    def admit(self, source: str) -> float:
        """0.0, or the seconds that the source has to wait before it may send another message."""
        return self._buckets[source].take(time.monotonic())

    async def receive(self, message: Message) -> Receipt:
        """What became of the message, after the commit.

        Raises:
            TransientError: it is not known to be stored: the database is away, or too much waits. It is to be sent
                again, with the same id.
            PermanentError: the database refuses us.
        """
        if self._bytes + _size(message) > WAITING_BYTES:
            raise TransientError(f"{self._bytes:,} bytes wait to be written to the inbox")
        self._bytes += _size(message)
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, answer))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            raise TransientError(f"the inbox could not be written within {ANSWER_SECONDS:.0f} s") from None

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._write_batch(batch)
                self._bytes -= sum(_size(message) for message, _ in batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: list[tuple[Message, asyncio.Future[Receipt]]]) -> None:
        answers = [answer for _, answer in batch]
        try:
            receipts = await asyncio.to_thread(self._commit, [message for message, _ in batch])
        except Exception as error:  # noqa: BLE001 - everyone who waits is told
            logger.warning("%d webhook messages were not stored: %s", len(batch), error)
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)
        else:
            for answer, receipt in zip(answers, receipts, strict=True):
                if not answer.done():
                    answer.set_result(receipt)

    def _commit(self, messages: list[Message]) -> list[Receipt]:
        with self._store.transaction() as tx:
            return tx.inbox.receive(messages)


def _size(message: Message) -> int:
    return len(message.body) + ROW_BYTES
