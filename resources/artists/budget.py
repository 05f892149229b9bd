"""What may be spent on pictures in a day. Nothing is bought that was not reserved first.

What belongs here: when a picture may be bought, and what of a purchase that failed was spent. What does not: prices
(`resources.artists.prices`), and the table (`resources.store.spending`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from pipeline.models import Painting
from resources.errors import ErrorClass, OverBudgetError, PermanentError, TransientError
from resources.store import Store

VARIABLE = "ENGINE_PICTURE_BUDGET_USD"
UNBILLED: Final[frozenset[ErrorClass]] = frozenset(
    {"connection", "rate_limited", "unauthorized", "forbidden", "not_found", "refused"}
)
"""The service did not begin: it was not reached, or turned the request away."""


def _now() -> datetime:
    return datetime.now(UTC)


class Budget:
    """The day's budget of all painters and processes; a day begins at midnight UTC.

    Args:
        store: keeps what is spent.
        dollars: a day; 0 switches paid painters off.
        now: the clock.
    """

    def __init__(self, store: Store, dollars: float, *, now: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._limit = round(dollars * 1_000_000)
        self._now = now

    def buy(self, painter: str, price: int, paint: Callable[[], Painting]) -> Painting:
        """Reserve, have it painted, settle.

        The reservation is committed before `paint` begins. After a crash, or a failure that may have been billed (a
        timeout, a 5xx, an answer that can't be read, a picture that moderation holds back), it stands: the sum is
        never less than what was spent.

        Args:
            painter: who is paid.
            price: what the picture costs at the most, in millionths of a US dollar.
            paint: asks once; the painting's cost is what is settled.

        Raises:
            OverBudgetError: the price does not fit into what the day has left.
        """
        day = self._reserve(painter, price)
        try:
            painting = paint()
        except (TransientError, PermanentError) as error:
            if error.error_class in UNBILLED:
                with self._store.transaction() as tx:
                    tx.spending.release(day, painter, price)
            else:
                error.cost_micros = price
            raise
        with self._store.transaction() as tx:
            tx.spending.settle(day, painter, price, painting.cost_micros)
        return painting

    def _reserve(self, painter: str, price: int) -> date:
        now = self._now()
        tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        if not self._limit:
            raise OverBudgetError(
                f"{painter} costs {dollars(price)} a picture and {VARIABLE}=0: set it to what a day may cost",
                until=tomorrow,
            )
        with self._store.transaction() as tx:
            booking = tx.spending.reserve(now.date(), painter, price, self._limit)
        if not booking.booked:
            raise OverBudgetError(
                f"{painter}: {dollars(price)} for a picture does not fit: of {VARIABLE}={self._limit / 1e6:g}, "
                f"{dollars(booking.spent)} are spent or reserved on {now:%Y-%m-%d} (UTC); "
                f"a new day begins at {tomorrow.isoformat()}; raise it to go on before",
                until=tomorrow,
            )
        return now.date()


def dollars(micros: int) -> str:
    """An amount for people."""
    return f"${micros / 1e6:.4f}".rstrip("0").rstrip(".")
