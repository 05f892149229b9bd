"""scoring_weights: learned nightly from outcomes, adopted only when they beat the weights in force."""

from datetime import timedelta

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import DAILY, start_of
from pipeline.feedback.weights import FACTORS, learn
from resources.settings import Settings
from resources.store import Store


@dg.asset(
    deps=["marketplace_metrics"],
    description="The five weights of the score, versioned. Each night they are learned from what became of the "
    "listings and tested against the weights in force on outcomes held out; only what beats those is adopted, and "
    "`scored_ideas` uses it from the next hour on. With too few outcomes the version in force is kept.",
    check_specs=[
        check(
            "scoring_weights",
            "one_version_in_force",
            "One version is in force, and its weights sum to one.",
            blocking=True,
            partitions=DAILY,
        )
    ],
    **declare("feedback", "postgres", partitions=DAILY, fresh_within=timedelta(hours=26)),
)
@classified
def scoring_weights(
    context: dg.AssetExecutionContext, store: dg.ResourceParam[Store], settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult:
    """Learn from the outcomes known now, and keep the day's decision with its report."""
    day = start_of(context).date()
    with store.transaction() as tx:
        before = tx.weights.to_beat(day)
        proposal = learn(tx.metrics.outcomes(), before, settings.min_outcomes)
        tx.weights.record(
            proposal.weights.model_dump(include=set(FACTORS)),
            status="in_force" if proposal.decision == "proposed" else "refused",
            algorithm=proposal.algorithm,
            outcomes=proposal.outcomes,
            reason=proposal.reason,
            report=proposal.report,
            learned_on=day,
        )
        after = tx.weights.in_force()
    context.log.info(proposal.reason)
    total = sum(getattr(after, factor) for factor in FACTORS)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": 1,
            "decision": proposal.decision,
            "reason": proposal.reason,
            "version_in_force": after.version,
            "outcomes": proposal.outcomes,
            "sample": table(
                {"factor": name, "before": getattr(before, name), "in force": getattr(after, name)} for name in FACTORS
            ),
            "report": dg.MetadataValue.json(proposal.report),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="one_version_in_force", passed=abs(total - 1) < 1e-6, metadata={"sum": total}
            )
        ],
    )
