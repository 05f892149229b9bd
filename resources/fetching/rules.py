"""When a source may be asked: token bucket, circuit breaker, quota, retries. Values in, values out.

What belongs here: the maths, on values that a table keeps. What does not: keeping them (resources.store.gates), clocks,
and waiting.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

PATIENCE = timedelta(seconds=60)
"""The longest that a request waits for its turn, or because it is told to."""
FAILURES = 5
"""In a row: these open the circuit."""
FIRST_OPEN = timedelta(minutes=2)
LONGEST_OPEN = timedelta(minutes=60)
TRIAL = timedelta(minutes=10)
"""How long the one that tries a half-open circuit has before another may; longer than one try can take."""
LONGEST_ORDER = timedelta(hours=24)
"""A Retry-After of more is taken for this."""
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 20.0
STAGGER_S = 20.0

State = Literal["closed", "open", "half_open"]


class Hold(NamedTuple):
    """What holds a source back: the row of `source_gates`."""

    tokens: float | None = None
    tokens_at: datetime | None = None
    failures: int = 0
    opened_at: datetime | None = None
    opened_until: datetime | None = None
    last_error: str | None = None


class Spent(NamedTuple):
    """A row of `quota_ledger`."""

    key: str
    at: datetime
    cost: int


def token_taken(hold: Hold, now: datetime, per_minute: float) -> tuple[Hold, float]:
    """One request taken out of the bucket, and the seconds until it may be made.

    A bucket holds `per_minute` tokens (at least one) and fills at that rate. It may be overdrawn: who takes a token
    that is not there yet has booked it and waits, and who comes next waits longer.
    """
    size = max(per_minute, 1.0)
    tokens = size
    if hold.tokens is not None and hold.tokens_at is not None:
        elapsed = max((now - hold.tokens_at).total_seconds(), 0.0)
        tokens = min(hold.tokens + elapsed * per_minute / 60, size)
    tokens -= 1
    return hold._replace(tokens=tokens, tokens_at=now), max(-tokens, 0.0) * 60 / per_minute


def state(hold: Hold, now: datetime) -> State:
    """The state of the circuit; half open: one request may try."""
    if hold.opened_until is None:
        return "closed"
    return "open" if now < hold.opened_until else "half_open"


def tried(hold: Hold, now: datetime) -> Hold:
    """A half-open circuit with somebody trying it: open for others until he had his time."""
    return hold._replace(opened_until=now + TRIAL)


def succeeded(hold: Hold, *, trial: bool) -> Hold:
    """After a good answer. One that was asked for before the circuit opened does not close it."""
    if hold.opened_until is not None and not trial:
        return hold
    return hold._replace(failures=0, opened_at=None, opened_until=None)


def failed(hold: Hold, now: datetime, error: str, *, trial: bool, retry_after: float | None = None) -> Hold:
    """After a failure: the circuit opens after FAILURES in a row, or at once when told to wait beyond PATIENCE.

    It opens for FIRST_OPEN, twice as long after each trial that fails, LONGEST_OPEN at most, and never for less than
    told. A request that was made before the circuit opened does not prolong it.
    """
    if hold.opened_until is not None and not trial:
        return hold
    hold = hold._replace(failures=hold.failures + 1, last_error=error)
    ordered = timedelta(seconds=retry_after or 0)
    if not trial and hold.failures < FAILURES and ordered <= PATIENCE:
        return hold
    return hold._replace(opened_at=hold.opened_at or now, opened_until=now + max(open_for(hold.failures), ordered))


def open_for(failures: int) -> timedelta:
    """How long a circuit opens after so many failures in a row."""
    doublings = min(max(failures - FAILURES, 0), 10)
    return min(FIRST_OPEN * (1 << doublings), LONGEST_OPEN)


def free_at(spent: Sequence[Spent], cost: int, units: int, window: timedelta) -> datetime | None:
    """When `cost` more fits into a sliding window of `units`; None: now.

    Args:
        spent: within the window that ends now.
        cost: at most `units`.
        units: what the window holds.
        window: how long what is spent counts.
    """
    excess = sum(entry.cost for entry in spent) + cost - units
    until: datetime | None = None
    for entry in sorted(spent, key=lambda entry: entry.at):
        if excess <= 0:
            break
        excess -= entry.cost
        until = entry.at + window
    return until


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for: seconds, or a date (RFC 9110, 10.2.3). None: nothing that can be read."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        return float(min(int(text[:9]), LONGEST_ORDER.total_seconds()))
    try:
        moment = parsedate_to_datetime(text)
        left = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(left, 0.0), LONGEST_ORDER.total_seconds())


def retry_delay(failures: int, retry_after: float | None, chance: random.Random) -> float:
    """Seconds until the next try: any up to a bound that doubles (full jitter), after what the source asked for.

    The bound is FIRST_DELAY_S after the first failure; see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
    """
    bound = min(FIRST_DELAY_S * 2.0 ** min(failures - 1, 10), LONGEST_DELAY_S)
    return (retry_after or 0.0) + chance.uniform(0, bound)


def stagger(now: datetime, chance: random.Random) -> float:
    """Seconds that a source's first request waits, so that not all of the world asks at the full hour."""
    return chance.uniform(0, STAGGER_S) if now.minute == 0 else 0.0
