"""scoring_weights: what the night's back-test adopted is put in force; nothing else ever is."""

from datetime import timedelta

import dagster as dg

from assets.contract import check, classified, declare
from assets.display import table
from assets.partitions import DAILY, start_of
from pipeline.feedback.trials import NIGHTLY
from pipeline.models import Weights
from pipeline.scoring.score import NAMES
from resources.errors import PermanentError
from resources.store import Store


@dg.asset(
    deps=["backtest"],
    description="The five weights of the score, versioned. What a night learned is put in force when the day's "
    "back-test adopted it, and judged it against the weights that it would replace; else the version in force is "
    "kept. It rules the hours from 04:00 UTC of the day after.",
    check_specs=[
        check(
            "scoring_weights",
            "one_version_in_force",
            "One version is in force, its weights sum to one, and the day's is in force only if it was adopted.",
            blocking=True,
            partitions=DAILY,
        )
    ],
    **declare("feedback", "postgres", partitions=DAILY, fresh_within=timedelta(hours=26)),
)
@classified
def scoring_weights(context: dg.AssetExecutionContext, store: dg.ResourceParam[Store]) -> dg.MaterializeResult:
    """Put in force what the day's back-test adopted, or keep what is, and keep why."""
    day = start_of(context).date()
    with store.transaction() as tx:
        tx.weights.hold()
        before = tx.weights.to_beat(day)
        judged = tx.backtests.of(day, NIGHTLY)
        if judged is None:
            raise PermanentError(f"no back-test of {day} judged what its night learned: run the job weights for it")
        decision, reason = judged.decision, judged.reason
        if judged.in_force != before.version:
            decision = "refused"
            reason = f"judged against version {judged.in_force}, and would replace {before.version}: run backtest again"
        tried = judged.candidate.get("weights") or before.model_dump(include=set(NAMES))
        version = tx.weights.record(
            tried,
            status="in_force" if decision == "adopted" else "refused",
            algorithm=judged.report["algorithm"],
            outcomes=judged.report["outcomes"],
            reason=reason,
            report=judged.report,
            learned_on=day,
            learned_from=judged.report["learned_from"],
        )
        after = tx.weights.in_force()
    context.log.info(f"{decision}: {reason}")
    return dg.MaterializeResult(
        metadata={
            "decision": decision,
            "reason": reason,
            "learned_from": judged.report["learned_from"],
            "version_in_force": after.version,
            "outcomes": judged.report["outcomes"],
            "sample": table(
                {
                    "factor": name,
                    "before": getattr(before, name),
                    "tried": tried[name],
                    "in force": getattr(after, name),
                }
                for name in NAMES
            ),
            "report": dg.MetadataValue.json(judged.report),
            "dagster/row_count": 1,
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="one_version_in_force",
                passed=abs(_sum(after) - 1) < 1e-6 and (decision == "adopted" or after.version != version),
                metadata={"sum": _sum(after)},
            )
        ],
    )


def _sum(weights: Weights) -> float:
    return float(sum(getattr(weights, name) for name in NAMES))
