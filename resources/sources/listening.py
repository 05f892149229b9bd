"""Listening to the sources: which of them are on, through what they are asked, and how they stand.

What belongs here: a source together with the settings and the record. What does not: what a source fetches, and the
rules of health (`pipeline.signals.health`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, Field

from pipeline.models import Model, hour_of
from pipeline.signals.health import ANSWERED, Confidence, State, confidence, state
from resources.errors import PermanentError
from resources.fetching.rules import State as Circuit
from resources.settings import Settings, names
from resources.sources import Source
from resources.store import Store
from resources.store.record import Transaction

if TYPE_CHECKING:
    from resources.fetching.client import Client

ALL = "all"
CHOICE = "ENGINE_SOURCES"


class Standing(Model):
    """How a source stands now."""

    source: str
    state: State
    note: str = Field(description="what the state comes from; what to set, where it is off")
    confidence: float | None = Field(description="how far it can be trusted now, 0 to 1; null where it is off")
    missing: tuple[str, ...] = Field(description="environment variables that switch it on")
    live: bool = Field(description="asked over the network; else computed or replayed")
    last_answer: AwareDatetime | None = Field(description="its last answer of 7 days, with news or without")
    last_news: AwareDatetime | None = Field(description="its last answer of 7 days that held something new")
    lag_seconds: float | None = Field(description="from the start of the hour of its last answer to the landing")
    items: int | None = Field(description="read of the last hour that was read")
    attempts: int = Field(description="how often it was asked for the running hour")
    last_error: str | None
    last_error_at: AwareDatetime | None
    circuit: Circuit
    circuit_until: AwareDatetime | None
    quota_used: int | None
    quota_units: int | None


def missing(source: Source, settings: Settings) -> tuple[str, ...]:
    """The environment variables that must be set before the source is asked; none: it is on."""
    chosen = names(settings.sources)
    unnamed = () if chosen == (ALL,) or source.name in chosen else (CHOICE,)
    return (*unnamed, *settings.unset(source.spec.credentials))


def off(source: Source, settings: Settings) -> str:
    """What to set so that the source is on; empty where it is."""
    wanted = missing(source, settings)
    unset = ", ".join(variable for variable in wanted if variable != CHOICE)
    return " and ".join(
        filter(None, ["name it in ENGINE_SOURCES" if CHOICE in wanted else "", f"set {unset}" if unset else ""])
    )


def active(sources: Sequence[Source], settings: Settings) -> tuple[Source, ...]:
    """The sources that are on."""
    return tuple(source for source in sources if not missing(source, settings))


def require_active(source: Source, settings: Settings) -> None:
    """Raise PermanentError, naming what to set, unless the source is on."""
    if mend := off(source, settings):
        raise PermanentError(f"{source.name} is off: {mend}")


def client(source: Source, settings: Settings, store: Store) -> Client:
    """HTTP on behalf of the source; nothing holds back one that is not live, because it asks nobody."""
    # Half a second of imports, which only those who ask need to wait for.
    from resources.fetching.client import Client  # noqa: PLC0415
    from resources.fetching.client import client as client_of  # noqa: PLC0415

    return client_of(source.name, source.spec, settings, store) if source.spec.live else Client(source.name)


def confidences(
    tx: Transaction, sources: Sequence[Source], settings: Settings, hour: datetime
) -> dict[str, Confidence]:
    """How far each source that was asked in the 7 days up to the hour can be trusted for the hour."""
    rows = tx.health.rows(hour)
    asked = {row.source for row in rows}
    return {
        source.name: confidence(rows, source.name, _every(source), hour)
        for source in active(sources, settings)
        if source.name in asked
    }


def standings(tx: Transaction, sources: Sequence[Source], settings: Settings, now: datetime) -> list[Standing]:
    """How each source stands now, in the order given."""
    rows = tx.health.rows(hour_of(now))
    windows = {source.name: source.spec.quota.window for source in sources if source.spec.quota}
    gates = {gate.source: gate for gate in tx.gates.all(now, windows)}
    found = []
    for source in sources:
        own = [row for row in rows if row.source == source.name]
        gate = gates.get(source.name)
        circuit = gate.state if gate else "closed"
        mend = off(source, settings)
        trust = confidence(own, source.name, _every(source), now)
        answer = next((row for row in reversed(own) if row.outcome in ANSWERED), None)
        news = next((row for row in reversed(own) if row.outcome == "ok"), None)
        error = next((row for row in reversed(own) if row.error), None)
        quota = source.spec.quota
        found.append(
            Standing(
                source=source.name,
                state=state(own, source.name, _every(source), now, off=bool(mend), circuit_open=circuit == "open"),
                note=mend or trust.sentence,
                confidence=None if mend else trust.value,
                missing=missing(source, settings),
                live=source.spec.live,
                last_answer=answer and answer.attempted_at,
                last_news=news and news.attempted_at,
                lag_seconds=answer and answer.lag_seconds,
                items=next((row.items for row in reversed(own) if row.items is not None), None),
                attempts=own[-1].attempts if own and own[-1].hour == hour_of(now) else 0,
                last_error=error and error.error,
                last_error_at=error and error.attempted_at,
                circuit=circuit,
                circuit_until=gate.opened_until if gate and circuit != "closed" else None,
                quota_used=(gate.used if gate else 0) if quota else None,
                quota_units=quota and quota.units,
            )
        )
    return found


def _every(source: Source) -> timedelta | None:
    return source.spec.every if source.spec.live else None
