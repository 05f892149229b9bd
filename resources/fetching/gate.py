"""What a client passes before each request: its source's circuit, quota and rate, shared by every process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from resources.errors import PermanentError, WaitingError
from resources.fetching.base import Quota
from resources.fetching.rules import PATIENCE, Spent, failed, free_at, state, succeeded, token_taken, tried
from resources.store import Store, Transaction

LONGEST_ERROR = 500


class Pass(NamedTuple):
    """Leave to make one request."""

    wait: float = 0.0
    """Seconds to wait before it."""
    trial: bool = False
    """Whether it alone tries a half-open circuit."""


class Gate(Protocol):
    """Holds a source back, for its sake and ours."""

    def enter(self, cost: int, quota_key: str) -> Pass:
        """Leave for one request. Raises WaitingError: not now, and nothing was spent."""
        ...

    def succeeded(self, leave: Pass) -> None:
        """The source answered as it should."""
        ...

    def failed(self, leave: Pass, error: str, retry_after: float | None) -> datetime | None:
        """The source failed. Until when its circuit is open, if it is."""
        ...


class OpenGate:
    """Holds nothing back: for sources that are looked at outside of a run."""

    def enter(self, cost: int, quota_key: str) -> Pass:  # noqa: ARG002 - nothing is counted
        """Leave at once."""
        return Pass()

    def succeeded(self, leave: Pass) -> None:
        """Nothing to note."""

    def failed(self, leave: Pass, error: str, retry_after: float | None) -> datetime | None:  # noqa: ARG002
        """Nothing to note."""
        return None


class StoreGate:
    """The gate of a source in PostgreSQL: it holds across processes, machines and restarts.

    Args:
        store: the record.
        source: its name.
        requests_per_minute: its rate.
        quota: its quota.
        now: the clock.
    """

    def __init__(
        self,
        store: Store,
        source: str,
        *,
        requests_per_minute: float,
        quota: Quota | None,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._source = source
        self._per_minute = requests_per_minute
        self._quota = quota
        self._now = now

    def enter(self, cost: int, quota_key: str) -> Pass:
        """As `Gate.enter`; one transaction, which WaitingError rolls back.

        Raises:
            WaitingError: the circuit is open, the quota is spent, or the rate allows no request in the next minute.
            PermanentError: the quota could never bear the cost.
            TransientError: PostgreSQL does not answer.
        """
        with self._store.transaction() as tx:
            hold = tx.gates.lock(self._source)
            now = self._now()
            stands = state(hold, now)
            if stands == "open" and hold.opened_until is not None:
                raise WaitingError(
                    f"{self._source}: its circuit is open until {hold.opened_until:%Y-%m-%d %H:%M:%S} UTC, after "
                    f"{hold.failures} failures in a row: {hold.last_error}",
                    until=hold.opened_until,
                )
            if stands == "half_open":
                hold = tried(hold, now)
            if self._quota is not None and cost > 0:
                self._spend(tx, self._quota, cost, quota_key, now)
            hold, wait = token_taken(hold, now, self._per_minute)
            if wait > PATIENCE.total_seconds():
                raise WaitingError(
                    f"{self._source}: at {self._per_minute:g} requests a minute the next one is due in {wait:.0f} s",
                    until=now + timedelta(seconds=wait),
                )
            tx.gates.keep(self._source, hold)
        return Pass(wait, trial=stands == "half_open")

    def succeeded(self, leave: Pass) -> None:
        """As `Gate.succeeded`."""
        with self._store.transaction() as tx:
            tx.gates.keep(self._source, succeeded(tx.gates.lock(self._source), trial=leave.trial))

    def failed(self, leave: Pass, error: str, retry_after: float | None) -> datetime | None:
        """As `Gate.failed`."""
        with self._store.transaction() as tx:
            hold = tx.gates.lock(self._source)
            told = error[:LONGEST_ERROR].replace("\0", "")
            hold = failed(hold, self._now(), told, trial=leave.trial, retry_after=retry_after)
            tx.gates.keep(self._source, hold)
        return hold.opened_until

    def _spend(self, tx: Transaction, quota: Quota, cost: int, key: str, now: datetime) -> None:
        since = now - quota.window
        spent = tx.gates.spent(self._source, since)
        if quota.distinct:
            if any(entry.key == key for entry in spent):
                return
            cost = 1
        if cost > quota.units:
            raise PermanentError(
                f"{self._source}: a request that costs {cost} can never be made: the quota is {quota.units} in "
                f"{quota.window}; ask for less at once"
            )
        until = free_at(spent, cost, quota.units, quota.window)
        if until is not None:
            used = sum(entry.cost for entry in spent)
            raise WaitingError(
                f"{self._source}: {used} of its quota of {quota.units} in {quota.window} are spent; {cost} more will "
                f"be free at {until:%Y-%m-%d %H:%M:%S} UTC",
                until=until,
            )
        tx.gates.spend(self._source, Spent(key, now, cost), since)
