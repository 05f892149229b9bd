"""Which signals go so much faster than is usual at their source that the next hour would be too late for them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.scoring import pace
from pipeline.scoring.factors import robust_z

MIN_Z = 6.0
"""Robust z of the pace. Engagement is heavy-tailed: of a log-normal pace with σ = 1, 1.5 % of signals lie beyond it."""
MIN_BASELINE = 50
"""Signals of the source with a pace in the 7 days before; with fewer, its usual pace is a guess."""
MAX_PER_SOURCE = 5
"""In an hour: a source where more spike is a source that changed."""


class Spike(NamedTuple):
    """A signal that spikes, with what was measured."""

    signal_id: str
    source: str
    z: float
    pace: float
    """Interactions per minute."""
    median: float
    """The usual pace of the source's signals."""
    baseline: int
    """How many signals that is the median of."""


def spikes(signals: pl.DataFrame, history: pl.DataFrame, now: datetime) -> list[Spike]:
    """The spiking ones of the signals: by source, the fastest first, MAX_PER_SOURCE of each.

    Args:
        signals: The signals of the hour, as for `pace.observations`.
        history: Observations of the 7 days before, likewise.
        now: The moment that it is looked at.
    """
    paced = pace.paces(pace.observations(signals, history, now))
    usual = pace.baselines(paced).filter(pl.col("n") >= MIN_BASELINE)
    known = paced.join(usual, on="source").filter(
        pl.col("pace").is_not_null(), pl.col("signal_id").is_in(signals["signal_id"].to_list())
    )
    z = robust_z(*(known[name].to_numpy().astype(np.float64) for name in ("pace", "median", "mad")))
    far = (
        known.with_columns(z=pl.Series(z, dtype=pl.Float64))
        .filter(pl.col("z") >= MIN_Z)
        .sort(["source", "z", "signal_id"], descending=[False, True, False])
        .group_by("source", maintain_order=True)
        .head(MAX_PER_SOURCE)
    )
    return [
        Spike(row["signal_id"], row["source"], row["z"], row["pace"], row["median"], row["n"]) for row in far.to_dicts()
    ]
