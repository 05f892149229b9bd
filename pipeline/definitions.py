"""The front door: composes assets, jobs, schedules, sensors and resources into what Dagster loads. Nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import dagster as dg

from assets.backtest import backtest
from assets.designs import designs
from assets.hot_topics import hot_topics
from assets.listings import listings
from assets.live_listings import live_listings
from assets.marketplace_metrics import marketplace_metrics
from assets.marts import marts_assets
from assets.mockups import mockups
from assets.niche_embeddings import niche_embeddings
from assets.raw_signals import raw_signals_asset
from assets.retention import retention
from assets.scope import HOT
from assets.scored_ideas import scored_ideas
from assets.scoring_weights import scoring_weights
from assets.sources import source_assets
from assets.webhook_events import webhook_events
from jobs.reembedding import reembedding
from jobs.schedules import build_jobs, build_schedules
from resources.defaults import default_resources
from resources.logs import quiet
from resources.pods import GpuPod, executor_config
from resources.settings import settings
from resources.sources import sources
from resources.sources.listening import active
from sensors.automation import downstream
from sensors.hot_signals import hot_signals
from sensors.source_recovery import source_recovery

Profile = Literal["local", "test", "kubernetes"]


def build_defs(profile: Profile | None = None, overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """A fresh set of definitions.

    Args:
        profile: `local` and `test` run every step in the run's own process, `kubernetes` gives each step of the hour a
            pod; unset: the setting `ENGINE_PROFILE`.
        overrides: resources that stand in for the default ones, by key.
    """
    quiet()
    config = settings()
    source_list = sources(config)
    landing = [*source_assets(source_list, config), webhook_events]
    in_pods = (profile or config.profile) == "kubernetes"
    jobs = build_jobs(
        [source.name for source in active(source_list, config)],
        hot_tags=config.gpu_pod.tags if in_pods else {},
    )
    return dg.Definitions(
        assets=[
            *landing,
            raw_signals_asset(landing),
            hot_topics,
            scored_ideas,
            designs,
            mockups,
            listings,
            live_listings,
            marketplace_metrics,
            backtest,
            scoring_weights,
            niche_embeddings,
            retention,
            *marts_assets,
        ],
        jobs=[*jobs.values(), reembedding],
        schedules=build_schedules(jobs),
        sensors=[downstream, hot_signals(jobs[HOT]), source_recovery(source_list, config, jobs["sources"])],
        resources={**default_resources(config), "sources": source_list, **(overrides or {})},
        executor=_pods(config.gpu_pod) if in_pods else dg.in_process_executor,
    )


def _pods(gpu: GpuPod) -> dg.ExecutorDefinition:
    from resources.executors import pod_executor

    return pod_executor.configured(executor_config(gpu))


defs = build_defs()
