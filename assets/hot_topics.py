"""hot_topics: what is trending across sources, ranked anew every hour."""

from datetime import timedelta

import dagster as dg

from assets.contract import WHEN_INPUTS_PASSED, check, classified, declare
from assets.display import table
from assets.partitions import start_of
from pipeline.scoring.hot_topics import hot_topics as ranked
from resources.cache import Cache
from resources.store import Store


@dg.asset(
    deps=["raw_signals"],
    description="The topics of the last 48 hours by how fast they go against what is usual at their sources, and by "
    "how many sources they were seen at. Occasions and anniversaries come every year and are left out.",
    automation_condition=WHEN_INPUTS_PASSED,
    check_specs=[
        check(
            "hot_topics",
            "all_that_was_ranked_is_kept",
            "The record holds as many topics of the hour as were ranked.",
            blocking=True,
        )
    ],
    **declare("signals", "postgres"),
)
@classified
def hot_topics(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    cache: dg.ResourceParam[Cache],
) -> dg.MaterializeResult:
    """Rank the topics at the end of the hour, and let the newest ranking of all be at hand."""
    hour = start_of(context)
    with store.transaction() as tx:
        observed = tx.hot_topics.observed(hour)
        topics = ranked(observed, tx.trends.as_of(hour).history, hour + timedelta(hours=1))
        tx.hot_topics.record(hour, topics)
        kept = tx.hot_topics.count(hour)
    with store.transaction() as tx:
        cached = cache.put(tx.hot_topics.newest())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": kept,
            "signals": observed.height,
            "across_sources": sum(len(topic.sources) > 1 for topic in topics),
            "without_velocity": sum(topic.velocity is None for topic in topics),
            "cached": cached,
            "sample": table(
                {
                    "rank": topic.rank,
                    "topic": topic.title,
                    "sources": ", ".join(topic.sources),
                    "signals": topic.signals,
                    "velocity": "" if topic.velocity is None else topic.velocity,
                    "first seen": f"{topic.first_seen:%Y-%m-%d %H:%M}",
                }
                for topic in topics
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="all_that_was_ranked_is_kept",
                passed=kept == len(topics),
                metadata={"ranked": len(topics), "kept": kept},
            )
        ],
    )
