"""What runs together and when. Everything between the sources and the listings follows by declarative automation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import dagster as dg

from assets.partitions import DAILY, hour_key
from assets.scope import HOT, HOT_TAGS
from pipeline.models import hour_of

DOWNSTREAM = ("raw_signals", "scored_ideas", "designs", "mockups", "listings", "live_listings")
BESIDE = ("hot_topics",)
"""What else an hour's signals come to: no run for a few webhooks makes it."""


def build_jobs(source_names: Sequence[str], hot_tags: Mapping[str, str]) -> dict[str, dg.UnresolvedAssetJobDefinition]:
    """The jobs by name.

    `sources` and `hour` are two jobs because a failed step stops what is downstream of it in the same run, and a
    broken source must stop nobody. Only `hour` (and what automation asks for) is run as the profile says: the steps of
    the others are in a hurry, wait for the network, or hand each other files, so they share the process of their run.

    Args:
        source_names: the assets that are landed each hour.
        hot_tags: of runs of `hot`, beside its own.
    """
    return {
        "sources": dg.define_asset_job(
            "sources",
            executor_def=dg.in_process_executor,
            selection=dg.AssetSelection.assets(*source_names, "marketplace_metrics"),
            description="Land every source's payloads of an hour, and read the marketplaces' reports.",
        ),
        "hour": dg.define_asset_job(
            "hour",
            selection=dg.AssetSelection.assets(*DOWNSTREAM, *BESIDE),
            description="An hour's way from the landed payloads to the listings, and its hot topics.",
        ),
        HOT: dg.define_asset_job(
            HOT,
            selection=dg.AssetSelection.assets("webhook_events", *DOWNSTREAM),
            tags={**HOT_TAGS, **hot_tags},
            executor_def=dg.in_process_executor,
            description="The webhooks that wait, from the inbox to upload-ready listings, in the running hour.",
        ),
        "weights": dg.define_asset_job(
            "weights",
            executor_def=dg.in_process_executor,
            selection=dg.AssetSelection.assets("backtest", "scoring_weights"),
            description="Learn from past days and judge it on later ones; adopt only what beats the weights in force "
            "and every baseline.",
        ),
        "trial": dg.define_asset_job(
            "trial",
            executor_def=dg.in_process_executor,
            selection=dg.AssetSelection.assets("backtest"),
            description="Try weights, or a factor that is computed otherwise, on past hours; puts nothing in force.",
        ),
        "niches": dg.define_asset_job(
            "niches",
            executor_def=dg.in_process_executor,
            selection=dg.AssetSelection.assets("niche_embeddings"),
            description="Learn what the communities of each niche write about.",
        ),
        "expiry": dg.define_asset_job(
            "expiry",
            executor_def=dg.in_process_executor,
            selection=dg.AssetSelection.assets("retention"),
            description="End what has been kept long enough.",
        ),
        "marts": dg.define_asset_job(
            "marts",
            executor_def=dg.in_process_executor,
            selection=dg.AssetSelection.groups("marts"),
            description="Export the record to Parquet and build the analysts' marts.",
        ),
    }


def build_schedules(jobs: dict[str, dg.UnresolvedAssetJobDefinition]) -> list[dg.ScheduleDefinition]:
    """Hourly sources, nightly weights, niches and retention, marts at half past every hour."""

    @dg.schedule(
        job=jobs["sources"],
        cron_schedule="0 * * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every hour: land the sources for the hour that begins.",
    )
    def hourly_sources(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        key = hour_key(hour_of(context.scheduled_execution_time))
        return dg.RunRequest(run_key=key, partition_key=key)

    return [
        hourly_sources,
        _nightly("weights", jobs["weights"], "20 3 * * *", "learn the weights from the day that ended."),
        _nightly("niches", jobs["niches"], "30 3 * * *", "learn the niches from the titles known by the day's end."),
        _nightly("retention", jobs["expiry"], "40 3 * * *", "end what has been kept long enough."),
        dg.ScheduleDefinition(
            name="hourly_marts",
            job=jobs["marts"],
            cron_schedule="30 * * * *",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="At half past: rebuild the marts, out of the way of the hour's own run.",
        ),
    ]


def _nightly(name: str, job: dg.UnresolvedAssetJobDefinition, cron: str, what: str) -> dg.ScheduleDefinition:
    """A run for the day that ended, once a night."""

    @dg.schedule(
        name=f"nightly_{name}",
        job=job,
        cron_schedule=cron,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every night: {what}",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        key = (context.scheduled_execution_time - timedelta(days=1)).strftime(DAILY.fmt)
        return dg.RunRequest(run_key=key, partition_key=key)

    return nightly
