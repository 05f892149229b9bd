"""How well a source has been heard: its state now, and how far what it said in an hour can be trusted.

What belongs here: the rules, as functions of what was recorded of each hour. What does not: recording it, and what
holds a source back (quotas, circuits).

    confidence = timely × (½ + ½ · answered) × (½ + ½ · full)

    timely    1 while the source had something new within twice `every`; else 2 · every / (time since it had)
    answered  share of the hours of the last day in which it was asked and answered, with news or without
    full      1 while it gave at least half of its usual items (the median of its answers of the last week, from
              six on); else items / half of the usual

A source that is computed or replayed knows no such trouble: 1. So each trouble alone costs at most half, but silence,
which costs the more the longer it lasts. The choice of halves is a convention: the value orders ideas for a person, and
no factor of the score depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Literal

from pydantic import AwareDatetime, Field

from pipeline.models import Model, hour_of

Outcome = Literal["ok", "unchanged", "waiting", "failed"]
ANSWERED: frozenset[Outcome] = frozenset({"ok", "unchanged"})

DAY = timedelta(hours=24)
LATE_AFTER = 2
"""A source is late when it had nothing new for longer than so many times `every`."""
ENOUGH = 6
"""From so many answers on, a source has a usual number of items."""


class HealthRow(Model):
    """How a source did in an hour."""

    source: str
    hour: AwareDatetime
    outcome: Outcome
    attempts: int = Field(ge=1)
    attempted_at: AwareDatetime
    error_class: str | None
    error: str | None
    payloads: int
    bytes: int
    items: int | None
    refused: int | None
    purged: int | None
    newest_item_at: AwareDatetime | None
    lag_seconds: float
    duration_ms: int
    waiting_until: AwareDatetime | None

    @property
    def answered(self) -> bool:
        """Whether the source answered whole, with news or without."""
        return self.outcome in ANSWERED

    @property
    def heard(self) -> bool:
        """Whether it said anything; a part counts."""
        return self.answered or self.news

    @property
    def news(self) -> bool:
        """Whether it said anything new."""
        return self.payloads > 0


class Confidence(Model):
    """How far what a source said in an hour can be trusted, and why."""

    value: float = Field(ge=0, le=1)
    sentence: str


class State(StrEnum):
    """How a source stands now."""

    ON = "on"
    OFF = "off"
    LATE = "late"
    SILENT = "silent"
    WAITING = "waiting"
    FAILING = "failing"
    CIRCUIT_OPEN = "circuit open"


def confidence(rows: Sequence[HealthRow], source: str, every: timedelta | None, hour: datetime) -> Confidence:
    """The confidence in what the source said in the hour, by the formula above; nothing after the hour is looked at.

    Args:
        rows: of any sources and hours; those of the source and of the 7 days up to the hour count.
        source: its name.
        every: how often it has something new; None: it is computed or replayed.
        hour: an aware moment in the hour.
    """
    if every is None:
        return Confidence(value=1, sentence=f"{source} is computed or replayed: it is never late")
    hour = hour_of(hour)
    own = [row for row in rows if row.source == source and row.hour <= hour]
    heard = _newest(row for row in own if row.heard)
    if heard is None:
        return Confidence(value=0, sentence=f"{source} was never heard; nothing vouches for what it counts")
    troubles: list[str] = []

    news = _newest(row for row in own if row.news) or heard
    due, since = LATE_AFTER * every, hour - news.hour
    timely = 1.0 if since <= due else due / since
    if hour - heard.hour > due:
        troubles.append(f"{source} was last heard {_span(hour - heard.hour)} ago; its counters may be old")
    elif timely < 1:
        troubles.append(f"{source} has had nothing new for {_span(since)}; its counters may be old")

    asked = [row for row in own if row.hour > hour - DAY]
    mute = sum(not row.answered for row in asked)
    answered = 1 - mute / len(asked) if asked else 1.0
    if mute:
        troubles.append(f"{source} did not answer in {mute} of the last {len(asked)} hours in which it was asked")

    full = 1.0
    usual = [row.items for row in own if row.news and row.items is not None and row.hour < news.hour]
    if news.items is not None and len(usual) >= ENOUGH:
        half = median(usual) / 2
        if news.items < half:
            full = news.items / half
            troubles.append(f"{source} gave {news.items} items where {median(usual):.0f} are usual")

    value = round(timely * (1 + answered) / 2 * (1 + full) / 2, 3)
    return Confidence(value=value, sentence="; ".join(troubles) or f"{source} was heard as usual")


def state(
    rows: Sequence[HealthRow], source: str, every: timedelta | None, now: datetime, *, off: bool, circuit_open: bool
) -> State:
    """How the source stands now; of several troubles, the one that explains most.

    Args:
        rows: of any sources; those of the source count.
        source: its name.
        every: how often it has something new; None: it is computed or replayed, and can fail, but not be late.
        now: the aware present.
        off: whether it is not asked at all.
        circuit_open: whether nothing is let through to it now.
    """
    own = [row for row in rows if row.source == source]
    last = _newest(own)

    def quiet(rows: Iterable[HealthRow]) -> bool:
        newest = _newest(rows)
        return every is not None and (newest is None or hour_of(now) - newest.hour > LATE_AFTER * every)

    troubles = {
        State.OFF: off,
        State.CIRCUIT_OPEN: circuit_open,
        State.WAITING: bool(last and last.waiting_until and last.waiting_until > now),
        State.SILENT: quiet(row for row in own if row.heard),
        State.FAILING: bool(last and last.outcome == "failed"),
        State.LATE: quiet(row for row in own if row.news),
    }
    return next((trouble for trouble, there in troubles.items() if there), State.ON)


def _newest(rows: Iterable[HealthRow]) -> HealthRow | None:
    return max(rows, key=lambda row: row.hour, default=None)


def _span(time: timedelta) -> str:
    hours = round(time.total_seconds() / 3600)
    return f"{hours} h" if hours < 72 else f"{hours // 24} days"
