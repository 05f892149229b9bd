"""Markets whose truth is known: snapshots in which growth depends on the factors as it is told to.

What belongs here: making them. What does not: what ought to be learned from them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from pipeline.feedback.snapshots import IDEAS, INPUTS, UTC_TIME, Snapshot
from pipeline.scoring.score import NAMES

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def market(
    seed: int, truth: dict[str, float], *, days: int = 7, hours: int = 6, items: int = 25, noise: float = 0.8,
    start: int = 0,
) -> list[Snapshot]:  # fmt: skip
    """Snapshots of an hour each, an idea an item; the baselines see the engagement through noise of their own.

    Args:
        seed: of the chance in it.
        truth: factor → its effect on the log of the growth; without any, growth is noise.
        days: how many.
        hours: of each day.
        items: in each hour.
        noise: standard deviation of the log of the growth that no factor knows of.
        start: days after BEGIN of the first day.
    """
    rng = np.random.default_rng(seed)
    effects = np.array([truth.get(name, 0.0) for name in NAMES])
    found = []
    for at in (BEGIN + timedelta(days=start + day, hours=hour) for day in range(days) for hour in range(hours)):
        x = rng.uniform(0, 1, (items, 5))
        x[:, NAMES.index("seasonality")] = 0.5
        growth = rng.poisson(np.exp(x @ effects + noise * rng.standard_normal(items)))
        named = [f"{at:%m%d%H}-{i}" for i in range(items)]
        measured = {name: x[:, i] for i, name in enumerate(NAMES)} | {name: [None] * items for name in INPUTS}
        engagement = x[:, NAMES.index("engagement")]
        ranked = {
            "recency": rng.uniform(size=items),
            "raw total": 0.3 * engagement + rng.uniform(size=items),
            "pace": 0.5 * engagement + rng.uniform(size=items),
        }
        told = {"item": named, "relevance": np.log2(1 + growth), **ranked, "peak_at": [at + timedelta(hours=5)] * items}
        found.append(
            Snapshot(
                at,
                pl.DataFrame({"item": named, **measured}, schema=IDEAS),
                pl.DataFrame(told, schema_overrides={"peak_at": UTC_TIME}),
            )
        )
    return found
