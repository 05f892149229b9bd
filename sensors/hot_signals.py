"""The sensor that turns waiting webhooks into hot runs: one at a time, within a moment of their arrival.

A tick does not look and go: it stays and listens for as long as Dagster lets it, so that what arrives starts a run at
once and not at the next look. What arrives while a hot run is going waits for its end, and becomes one run together.

Nothing is remembered here. What waits stands in `webhook_inbox`, and what is going in Dagster's storage, so a crash at
any point costs a look, never an event.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import takewhile

import dagster as dg

from assets.partitions import hour_key
from assets.scope import HOT, going
from pipeline.models import hour_of
from resources.store import Store, bell
from resources.store.hot import Waiting

STAY_SECONDS = 24.8
"""How long a tick listens. Dagster looks for due ticks every 5 s, and gives up on one after 60 s: it ends just before
such a look, so that the next one listens again after a moment, and long before it is given up on."""

LOOK_SECONDS = 0.25
"""How often it is looked whether the run that is going has ended, which rings no bell."""

PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 300.0
"""Between a run that failed and the next; doubled for every further failure in a row."""
FAILURES_COUNTED = 8


def hot_signals(job: dg.UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """The sensor for the job `hot`."""

    @dg.sensor(
        name="hot_signals",
        job=job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=1,
        description="Requests a hot run of the running hour as soon as a webhook has arrived or a signal spikes and no "
        "other hot run is going.",
    )
    def sensor(context: dg.SensorEvaluationContext, store: dg.ResourceParam[Store]) -> dg.RunRequest | dg.SkipReason:
        deadline = time.monotonic() + STAY_SECONDS
        with bell(store.url) as rung:
            while True:
                waiting = _waiting(store)
                request = next_run(context.instance, waiting, datetime.now(UTC))
                left = deadline - time.monotonic()
                if request or left <= 0:
                    return request or dg.SkipReason("nothing that could be started has arrived")
                rung.wait(min(left, LOOK_SECONDS) if waiting else left)

    return sensor


def next_run(instance: dg.DagsterInstance, waiting: Sequence[Waiting], now: datetime) -> dg.RunRequest | None:
    """The hot run to start now, if anything waits, none is going, and none has just failed."""
    if not waiting or going(instance):
        return None
    before = instance.get_run_records(dg.RunsFilter(job_name=HOT), limit=FAILURES_COUNTED)
    failed = list(takewhile(lambda record: record.dagster_run.status is not dg.DagsterRunStatus.SUCCESS, before))
    if failed:
        pause = min(PAUSE_SECONDS * 2 ** (len(failed) - 1), LONGEST_PAUSE_SECONDS)
        if now.timestamp() < (failed[0].end_time or 0) + pause:
            return None
    # What a dead run of an earlier hour left is that hour's still; what nobody took yet is the running hour's.
    hour = waiting[0].hour or hour_of(now)
    # Named after the run before it: no two ticks can start two successors of a run, and every run can have one.
    return dg.RunRequest(
        run_key=f"after-{before[0].dagster_run.run_id if before else 'none'}", partition_key=hour_key(hour)
    )


def _waiting(store: Store) -> list[Waiting]:
    with store.transaction() as tx:
        return tx.hot.waiting()
