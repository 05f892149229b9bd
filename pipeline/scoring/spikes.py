"""Which signals go so much faster than is usual at their source that the next hour would be too late for them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import polars as pl

from pipeline.scoring import growth

MIN_Z = 3.0
"""Robust z of what is expected. Of recorded new posts 1.7 % passed it, four fifths of which got onto the hot list,
as 3 % of all do; of videos already on a chart one in 1,900 a day."""
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
    """The usual pace of the source's signals, likewise."""
    baseline: int
    """How many signals that is the median of."""


def spikes(signals: pl.DataFrame, history: pl.DataFrame, now: datetime) -> list[Spike]:
    """The spiking ones of the signals: by source, the fastest first, MAX_PER_SOURCE of each.

    Args:
        signals: The signals of the hour, as for `pace.observations`.
        history: Observations of the 7 days before, likewise.
        now: The moment that it is looked at.
    """
    far = (
        growth.measures(signals, history, now)
        .filter(
            pl.col("n") >= MIN_BASELINE, pl.col("z") >= MIN_Z, pl.col("signal_id").is_in(signals["signal_id"].to_list())
        )
        .sort(["source", "z", "signal_id"], descending=[False, True, False])
        .group_by("source", maintain_order=True)
        .head(MAX_PER_SOURCE)
    )
    return [
        Spike(row["signal_id"], row["source"], row["z"], row["pace"], row["usual"], row["n"]) for row in far.to_dicts()
    ]
