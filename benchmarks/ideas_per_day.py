"""How many ideas a day gives without any network: the calendar and nostalgia alone, hour by hour through the record.

Runs the sources, `raw_signals` and `scored_ideas` for the 24 hours of a past day, with the embedded defaults; then
asks the mart `kpi_daily` what it says of the day. Run: `python -m benchmarks.ideas_per_day`, or with a date:
`python -m benchmarks.ideas_per_day 2025-03-01`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import numpy as np
from psycopg.rows import dict_row

from assets.partitions import hour_key
from benchmarks.stage import QUIET, embedded, machine
from pipeline.definitions import build_defs
from pipeline.models import Idea, fold
from resources.defaults import default_resources
from resources.store import Store
from resources.warehouse import Warehouse

SOURCES = ("calendar_events", "nostalgia_topics")
STEPS = ("raw_signals", "scored_ideas")
TOP_QUARTILE = 75


def main() -> None:
    """Run the day and print what it came to."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else yesterday
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    hours = [midnight + timedelta(hours=n) for n in range(24)]
    with embedded() as (settings, url):
        begun = time.perf_counter()
        run(build_defs(overrides=default_resources(settings)), hours)
        took = time.perf_counter() - begun
        Warehouse(url, settings.data_dir / "warehouse").build_views()
        with Store(url) as store, store.transaction() as tx:
            ideas = {hour: tx.ideas.hour(hour) for hour in hours}
        with Store(url) as store, store.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            kpi = cursor.execute("SELECT * FROM marts.kpi_daily WHERE day = %s", [day]).fetchall()[0]
    print(f"{day}, at most {settings.ideas_per_hour} ideas an hour, sources {', '.join(SOURCES)}; {machine()}")
    print(f"24 hours took {took:.0f} s: {took / len(hours):.1f} s each")
    show(ideas, kpi)


def run(defs: dg.Definitions, hours: Sequence[datetime]) -> None:
    """The hours' ideas, as the engine makes them. Raises what a step raises."""
    with dg.DagsterInstance.get() as instance:
        for hour in hours:
            for job, steps in (("sources", SOURCES), ("hour", STEPS)):
                defs.resolve_job_def(job).execute_in_process(
                    partition_key=hour_key(hour),
                    instance=instance,
                    run_config=QUIET,
                    asset_selection=[dg.AssetKey(step) for step in steps],
                )


def show(by_hour: Mapping[datetime, Sequence[Idea]], kpi: Mapping[str, Any]) -> None:
    """Print the day's numbers, and the mart's."""
    ideas = [idea for hour in by_hour.values() for idea in hour]
    scores = np.array([idea.score for idea in ideas])
    bar = np.percentile(scores, TOP_QUARTILE)
    top = [idea for idea in ideas if idea.score >= bar]
    met = "met" if kpi["top_quartile_ideas_met"] else "MISSED"
    for name, told in {
        "ideas": f"{len(ideas)}; by the hour {' '.join(str(len(hour)) for hour in by_hour.values())}",
        "distinct phrases": phrases(ideas),
        "distinct signals": len({idea.signal_id for idea in ideas}),
        "niches, formats": f"{len({idea.niche for idea in ideas})}, {len({idea.format for idea in ideas})}",
        "scores": f"{scores.min():.3f} … {np.median(scores):.3f} … {scores.max():.3f}",
        "in the top quartile": f"{len(top)} of a score from {bar:.3f}, with {phrases(top)} distinct phrases",
        "kpi_daily": f"{kpi['ideas']} ideas, {kpi['top_quartile_ideas']} in the top quartile; "
        f"target of {kpi['top_quartile_ideas_target']}: {met}",
    }.items():
        print(f"{name:<20}  {told}")


def phrases(ideas: Sequence[Idea]) -> int:
    """How many phrases differ in more than case and punctuation."""
    return len({fold(idea.phrase) for idea in ideas})


if __name__ == "__main__":
    main()
