"""What the schedules request, tick by tick."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest

from jobs.schedules import BESIDE, DOWNSTREAM
from pipeline.definitions import build_defs


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs("test")


def tick(defs: dg.Definitions, schedule: str, at: datetime) -> list[dg.RunRequest]:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=defs.get_repository_def()
        )
        return list(defs.resolve_schedule_def(schedule).evaluate_tick(context).run_requests or [])


@pytest.mark.parametrize("second", [0, 59])
def test_each_hour_requests_the_hour_that_begins_once(defs: dg.Definitions, second: int) -> None:
    (request,) = tick(defs, "hourly_sources", datetime(2026, 11, 23, 5, 0, second, tzinfo=UTC))
    assert request.partition_key == "2026-11-23-05:00"
    assert request.run_key == request.partition_key, "a repeated tick asks for the same run, which Dagster starts once"


def test_hours_follow_on_each_other_across_days_and_years(defs: dg.Definitions) -> None:
    ticks = [datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 1, 1, 0, tzinfo=UTC)]
    keys = [tick(defs, "hourly_sources", at)[0].partition_key for at in ticks]
    assert keys == ["2025-12-31-23:00", "2026-01-01-00:00"]


def test_each_night_requests_the_day_that_ended(defs: dg.Definitions) -> None:
    (request,) = tick(defs, "nightly_weights", datetime(2026, 3, 1, 3, 20, tzinfo=UTC))
    assert request.partition_key == request.run_key == "2026-02-28"


@pytest.mark.parametrize(("name", "cron"), [("hourly_sources", "0 * * * *"), ("nightly_weights", "20 3 * * *")])
def test_schedules_run_unless_somebody_stops_them(defs: dg.Definitions, name: str, cron: str) -> None:
    schedule = defs.resolve_schedule_def(name)
    assert schedule.cron_schedule == cron
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.execution_timezone in {None, "UTC"}


def test_what_is_requested_can_be_run(defs: dg.Definitions) -> None:
    """The running hour is a partition of the job, and yesterday one of its day's."""
    now = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    for schedule, job in (("hourly_sources", "sources"), ("nightly_weights", "weights")):
        (request,) = tick(defs, schedule, now)
        partitions = defs.resolve_job_def(job).partitions_def
        assert partitions is not None
        assert request.partition_key in partitions.get_partition_keys(current_time=now)


def test_no_asset_is_driven_by_a_schedule_and_by_automation(defs: dg.Definitions) -> None:
    scheduled = {
        key.to_user_string()
        for name in ("sources", "weights")
        for key in defs.resolve_job_def(name).asset_layer.executable_asset_keys
    }
    automated = {
        spec.key.to_user_string() for spec in defs.resolve_all_asset_specs() if spec.automation_condition is not None
    }
    assert scheduled & automated == set()
    assert {*DOWNSTREAM, *BESIDE} <= automated


def test_a_run_for_a_few_webhooks_ranks_no_topics(defs: dg.Definitions) -> None:
    steps = {
        name: {key.to_user_string() for key in defs.resolve_job_def(name).asset_layer.executable_asset_keys}
        for name in ("hour", "hot")
    }
    assert set(BESIDE) == steps["hour"] - steps["hot"]
