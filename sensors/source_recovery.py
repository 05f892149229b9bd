"""Asks a live source again that failed or had to wait, while its hour still runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.partitions import hour_key
from pipeline.models import hour_of
from pipeline.signals.health import HealthRow
from resources.settings import Settings
from resources.sources import Source
from resources.sources.listening import active
from resources.store import Store

MAX_ATTEMPTS = 6
"""So often a source is asked for an hour at most, the schedule's own time included."""

LASTING = {"unauthorized", "forbidden", "not_found", "refused", "permanent"}
"""Classes of error that wait for a person: to ask again mends none of them."""

UNDERWAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


def source_recovery(
    sources: Sequence[Source], settings: Settings, job: dg.UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    """The sensor that lets the job ask these sources again, one run for each."""
    live = {source.name for source in active(sources, settings) if source.spec.live}

    @dg.sensor(
        name="source_recovery",
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"store"},
        description=f"Every minute: ask live sources again that failed or had to wait in the running hour, "
        f"{MAX_ATTEMPTS} times an hour at most, as soon as their quota and circuit allow.",
    )
    def recover(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        now = datetime.now(UTC)
        hour = hour_of(now)
        store: Store = context.resources.store
        with store.transaction() as tx:
            rows = [row for row in tx.health.rows(hour, timedelta(hours=1)) if row.source in live]
            shut = {gate.source for gate in tx.gates.all(now, {}) if gate.state == "open"}
        wanted = [row for row in rows if row.source not in shut and _may_try(row, now)]
        busy = _underway(context.instance, hour) if wanted else set()
        for row in wanted:
            if not busy & {row.source, None}:
                yield dg.RunRequest(
                    run_key=f"{row.source} {hour_key(hour)} {row.attempts + 1}",
                    partition_key=hour_key(hour),
                    asset_selection=[dg.AssetKey(row.source)],
                )
        if not wanted:
            yield dg.SkipReason("no live source of the running hour waits to be asked again")

    return recover


def _may_try(row: HealthRow, now: datetime) -> bool:
    """Whether asking again may help."""
    stuck = row.outcome == "failed" and row.error_class not in LASTING
    rested = row.waiting_until is not None and row.waiting_until <= now
    return (stuck or rested) and row.attempts < MAX_ATTEMPTS


def _underway(instance: dg.DagsterInstance, hour: datetime) -> set[str | None]:
    """The sources that a run works on for the hour; None: one works on all of them."""
    tags = {"dagster/partition": hour_key(hour)}
    runs = instance.get_runs(dg.RunsFilter(statuses=UNDERWAY, tags=tags))
    found: set[str | None] = set()
    for run in runs:
        if run.asset_selection:
            found |= {key.to_user_string() for key in run.asset_selection}
        elif run.job_name == "sources":
            found.add(None)
    return found
