"""Past hours, scored again from what was known at their end, beside what their signals came to.

What belongs here: reading hours through the trend store and scoring them with the domain. What does not: measuring
(`pipeline.feedback`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from pipeline.feedback.backtest import MIN_ITEMS
from pipeline.feedback.snapshots import HORIZON, Followed, follow
from pipeline.ideas import ideate
from pipeline.scoring.pace import BASELINE_DAYS
from resources.embedders import Embedder
from resources.store import Transaction
from resources.store.trend_store import AsOf

POOL = 600
"""Ideas of a replayed hour: many more than an hour keeps, so that what another weighting would choose is among them."""
HOUR = timedelta(hours=1)
DATED = ("occasion", "anniversary")


def hours_of(first: date, last: date) -> Iterator[datetime]:
    """The hours of these days, both included."""
    hour = datetime.combine(first, time(), UTC)
    while hour.date() <= last:
        yield hour
        hour += HOUR


def replay(tx: Transaction, embedder: Embedder, first: date, last: date) -> list[Followed]:
    """The hours of these days, both included; an hour with fewer than MIN_ITEMS undated signals is left out."""
    found = []
    for hour in hours_of(first, last):
        then = tx.trends.as_of(hour)
        undated = _undated(then.signals)
        if undated.height >= MIN_ITEMS:
            found.append(_scored(tx, then, undated, embedder))
    return found


def _scored(tx: Transaction, then: AsOf, undated: pl.DataFrame, embedder: Embedder) -> Followed:
    end = then.hour + HOUR
    ideation = ideate(
        hour=then.hour,
        signals=undated,
        history=then.history,
        embed=embedder.embed,
        model=embedder.model,
        nearest=then.earlier(embedder.model).nearest,
        centroids=then.centroids(embedder.model),
        communities=then.communities(embedder.model),
        weights=then.weights,
        limit=POOL,
        confidence={},
    )
    ids = {str(idea.signal_id) for idea in ideation.ideas}
    observed = tx.trends.followed(ids, end - timedelta(days=BASELINE_DAYS), end + HORIZON)
    return follow(then.hour, ideation.ideas, undated, observed)


def _undated(signals: pl.DataFrame) -> pl.DataFrame:
    """Without what has no counters to grow: occasions and anniversaries."""
    kind = pl.col("metadata").str.json_path_match("$.kind")
    return signals.filter(~kind.is_in(DATED).fill_null(value=False))
