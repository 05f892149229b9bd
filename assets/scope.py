"""What a run works on: everything of its hour, or, in a run of the job `hot`, what its batch of webhooks brought.

What belongs here: which rows of the record are in the run's scope. What does not: what is done with them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import dagster as dg
import polars as pl

from assets.contract import HOT_MARK
from assets.partitions import start_of
from pipeline.models import Idea, Payload, Signal, hour_of, identity
from pipeline.scoring.spikes import spikes
from pipeline.signals.parsers.webhook_events import SOURCE, payload
from resources.archive import Archive
from resources.store import InboxRow, StoredDesign, Transaction
from resources.store.hot import SPIKE

HOT = "hot"
"""The name of the job whose runs work on a batch."""
HOT_TAGS = {**HOT_MARK, "dagster/priority": "10", "dagster/max_retries": "0"}
"""Of its runs. Dagster retries none of them: a crashed one's batch is taken by the next."""

PER_SIGNAL = 1
"""Ideas of each of the batch's signals that are drawn: the best. Who waits for the next ones are other events."""
MAX_DRAWN = 8
"""Designs of one hot run, however many events it took: some 15 s of drawing and picturing on two cores."""

GOING = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class WholeHour:
    """Everything that was captured in the hour."""

    hour: datetime

    def payloads(self, tx: Transaction, archive: Archive) -> list[tuple[Payload, str]]:
        """The landed payloads with their URIs."""
        del tx
        return archive.landed(self.hour)

    def recorded(self, tx: Transaction, signals: Sequence[Signal], now: datetime) -> int:
        """Note what the signals are to hot runs: those of the running hour that spike become one. Returns how many."""
        del signals
        if hour_of(now) != self.hour:
            return 0
        then = tx.trends.as_of(self.hour)
        seen = then.signals.filter(pl.col("source") != SOURCE)
        found = spikes(seen, then.history, self.hour + timedelta(hours=1))
        return tx.hot.spike({UUID(one.signal_id): one._asdict() for one in found}, f"{now:%Y-%m-%d}")

    def signals(self, tx: Transaction) -> pl.DataFrame:
        """The signals to make ideas of; columns of `HOUR_SCHEMA`."""
        return tx.trends.as_of(self.hour).signals

    def history(self, tx: Transaction) -> pl.DataFrame:
        """The observations of the week before; columns of `HISTORY_SCHEMA`."""
        return tx.trends.as_of(self.hour).history

    def ideas(self, tx: Transaction) -> list[Idea]:
        """The ideas, best first."""
        return tx.ideas.hour(self.hour)

    def best(self, tx: Transaction, limit: int) -> list[Idea]:
        """The ideas to draw, best first."""
        return tx.ideas.hour(self.hour, limit)

    def designs(self, tx: Transaction) -> list[StoredDesign]:
        """The designs, that of the best idea first."""
        return tx.designs.hour(self.hour)

    def end(self, tx: Transaction) -> None:
        """Nothing is left to do when an hour is handed over."""


@dataclass(frozen=True)
class Batch(WholeHour):
    """What the webhooks that a hot run took brought."""

    run_id: str

    def payloads(self, tx: Transaction, archive: Archive) -> list[tuple[Payload, str]]:
        """The batch's payload, which is landed already."""
        return [(one, archive.land(one)) for one in posted(tx.hot.batch(self.run_id), self.hour)]

    def recorded(self, tx: Transaction, signals: Sequence[Signal], now: datetime) -> int:
        """Note which signals each webhook brought. Nothing spikes by it: this is the hot run already."""
        del now
        brought: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for signal in signals:
            told = signal.metadata
            brought[identity("webhook", told["webhook_source"], told["webhook_id"])].add(signal.id)
        tx.hot.bring({row: sorted(ids) for row, ids in brought.items()})
        return 0

    def signals(self, tx: Transaction) -> pl.DataFrame:
        """The batch's signals: those it brought, and the spiking ones it names, in whatever hour they were seen."""
        return tx.hot.signals(tx.hot.signal_ids(self.run_id), self.hour)

    def history(self, tx: Transaction) -> pl.DataFrame:
        """The week before at the sources of the batch's signals."""
        return tx.hot.history(tx.hot.signal_ids(self.run_id), self.hour)

    def ideas(self, tx: Transaction) -> list[Idea]:
        """The hour's ideas that come of the batch's signals, best first."""
        mine = tx.hot.signal_ids(self.run_id)
        return [idea for idea in tx.ideas.hour(self.hour) if idea.signal_id in mine] if mine else []

    def best(self, tx: Transaction, limit: int) -> list[Idea]:
        """The best PER_SIGNAL ideas of each signal, MAX_DRAWN at most."""
        drawn: Counter[object] = Counter()
        chosen: list[Idea] = []
        for idea in self.ideas(tx):
            if drawn[idea.signal_id] < PER_SIGNAL and len(chosen) < min(limit, MAX_DRAWN):
                drawn[idea.signal_id] += 1
                chosen.append(idea)
        return chosen

    def designs(self, tx: Transaction) -> list[StoredDesign]:
        """The designs of the batch's ideas, that of the best idea first."""
        mine = {idea.id for idea in self.ideas(tx)}
        return [design for design in tx.designs.hour(self.hour) if design.idea_id in mine] if mine else []

    def end(self, tx: Transaction) -> None:
        """The batch is processed when the transaction commits."""
        tx.hot.finish(self.run_id)


def scope_of(context: dg.AssetExecutionContext) -> WholeHour:
    """What the run works on."""
    hour = start_of(context)
    return Batch(hour, context.run.run_id) if context.run.job_name == HOT else WholeHour(hour)


def posted(rows: Sequence[InboxRow], hour: datetime) -> list[Payload]:
    """What the rows' senders posted as one payload; none where the rows are spikes, which name signals that are there.

    It counts as captured when the last row came, or at the start of the hour if that was before it: the same rows make
    the same payload.
    """
    sent = [row for row in rows if row.source != SPIKE]
    return [payload(sent, max(hour, *(row.received_at for row in sent)))] if sent else []


def going(instance: dg.DagsterInstance) -> list[str]:
    """The ids of the hot runs that are not at their end."""
    return [run.run_id for run in instance.get_runs(dg.RunsFilter(job_name=HOT, statuses=GOING))]
