"""Does what a list holds go on, or was its peak its publication? Told by the first halves alone.

`python -m benchmarks.evals.going_on`: of what is seen at one look, by age in half-lives, how much is still listed at
the next one and has gone on at a quarter of its life's pace or more (`pace.AT_PEAK`). It is why what was seen once is
taken to be at its peak. Nothing of the second halves, which the evaluations judge, is read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.evals import hackernews, trajectories
from pipeline.scoring import calendar, pace
from tests.recorded import available, data_dir

BOUNDS = (0.5, 1.0, 2.0, 4.0)
"""Of the classes of age, in half-lives of the source."""
LISTS = {
    trajectories.YOUTUBE: ("the next day", timedelta(days=1), timedelta(hours=12)),
    trajectories.HACKERNEWS: ("the next hour", timedelta(hours=1), timedelta(minutes=20)),
}
"""Source → when the next look is, in words, how far it is, and how far it may be off."""


def first_halves(data: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """Source and what was observed until the middle of its span."""
    every = [(trajectories.YOUTUBE, observed) for observed in trajectories.youtube(data).values()]
    for source, observed in [*every, (trajectories.HACKERNEWS, trajectories.hackernews(data))]:
        yield source, observed.filter(pl.col("captured_at") <= trajectories.halfway(observed))


def looks(observed: pl.DataFrame, ahead: timedelta, near: timedelta) -> pl.DataFrame:
    """What was listed at each look that has a next one: `age_hours`, and whether it `stays` and `goes_on`."""
    found = []
    for now in trajectories.spaced(trajectories.moments(observed), hackernews.EVERY):
        after = trajectories.later(observed, now, ahead, near)
        if after:
            then, hours = after
            measured = trajectories.chart(trajectories.first_look(observed, now), now)
            more = trajectories.gains(measured, observed, then, "likes").select("signal_id", "more")
            at_least = pace.AT_PEAK * pl.col("life") * 60 * hours
            found.append(
                measured.join(more, on="signal_id", how="left", maintain_order="left").select(
                    "age_hours",
                    stays=pl.col("more").is_not_null(),
                    goes_on=(pl.col("more") >= at_least).fill_null(value=False),
                )
            )
    return pl.concat(found)


def by_age(seen: pl.DataFrame, half_life: float) -> pl.DataFrame:
    """Per class of age: `n`, the share that `stays`, and of these the share that `goes_on`."""
    age = pl.col("age_hours") / half_life
    above = pl.sum_horizontal((age > bound).cast(pl.Int64) for bound in BOUNDS)
    return (
        seen.group_by(above=above)
        .agg(n=pl.len(), stays=pl.col("stays").mean(), goes_on=pl.col("goes_on").filter(pl.col("stays")).mean())
        .sort("above")
    )


def main() -> int:
    """Print a table for each source."""
    if not available():
        print(f"no recorded lists at {data_dir()}: set ENGINE_SHARED to the folder that holds data/")
        return 0
    names = [f"up to {BOUNDS[0]:g}", *(f"to {bound:g}" for bound in BOUNDS[1:]), "older"]
    for source, observed in first_halves(data_dir()):
        when, ahead, near = LISTS[source]
        half_life = calendar.half_life(source)
        print(f"\n{source}, half-life {half_life:g} hours: what is listed, and {when}")
        print(f"{'age in half-lives':<20}{'seen':>8}{'still listed':>16}{'of these go on':>18}")
        for row in by_age(looks(observed, ahead, near), half_life).iter_rows(named=True):
            print(f"{names[row['above']]:<20}{row['n']:>8,}{row['stays']:>16.0%}{row['goes_on']:>18.0%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
