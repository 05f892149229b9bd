"""backtest: what was learned, or what an engineer wants to try, against the weights in force on past hours."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import dagster as dg
from pydantic import Field

from assets.contract import check, classified, declare
from assets.display import lines, table
from assets.partitions import DAILY, start_of
from assets.replay import replay
from pipeline.feedback import online, weights
from pipeline.feedback.backtest import Verdict, judge
from pipeline.feedback.snapshots import Followed, Snapshot, comparable
from pipeline.feedback.trials import CandidateError, Trial, learned, trial
from pipeline.models import Json, Weights
from resources.embedders import Embedder
from resources.errors import PermanentError
from resources.settings import Settings
from resources.store import Store, Transaction
from resources.store.backtests import Backtest


class Night(NamedTuple):
    """What a night has to try, what it is judged on, and what is told of how it came about."""

    trial: Trial | None
    """None: there is nothing to try, and `reason` says why."""
    reason: str
    snapshots: Sequence[Snapshot]
    report: Json


class Tried(dg.Config):
    """What to try instead of what the night would learn; it is judged and recorded, and never put in force."""

    candidate: dict[str, Any] = Field(
        default={}, description='{"weights": {…}} or {"factor": "freshness", "half_life_scale": 2.0}; empty: learn'
    )


@dg.asset(
    deps=["marketplace_metrics"],
    description="Whether new weights rank past hours better than the weights in force and than random, recency, raw "
    "total and pace. Each night's are learned from what listings earned, or from what trends grew to while there are "
    "too few listings, always from older days than those they are judged on. Run it with a candidate to try weights, "
    "or a factor that is computed otherwise.",
    check_specs=[
        check(
            "backtest",
            "decision_is_kept",
            "The record holds the day's decision on what was tried, with its reason.",
            blocking=True,
            partitions=DAILY,
        )
    ],
    **declare("feedback", "postgres", partitions=DAILY, fresh_within=timedelta(hours=26)),
)
@classified
def backtest(
    context: dg.AssetExecutionContext,
    config: Tried,
    store: dg.ResourceParam[Store],
    embedder: dg.ResourceParam[Embedder],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    """Learn or take the candidate, judge it, and keep the decision with its report."""
    day = start_of(context).date()
    with store.transaction() as tx:
        in_force = tx.weights.to_beat(day)
        try:
            asked = trial(config.candidate, in_force) if config.candidate else None
        except CandidateError as error:
            raise PermanentError(str(error)) from error
        night = _asked(tx, embedder, settings, day, asked) if asked else _night(tx, embedder, settings, day, in_force)
        verdict = (
            judge(night.snapshots, night.trial, in_force)
            if night.trial
            else Verdict("not enough data", night.reason, {})
        )
        subject, candidate = (night.trial.subject, night.trial.candidate) if night.trial else ("weights", {})
        report = night.report | verdict.report
        tx.backtests.record(
            Backtest(
                day=day,
                subject=subject,
                candidate=candidate,
                in_force=in_force.version,
                decision=verdict.decision,
                reason=verdict.reason,
                report=report,
            )
        )
        kept = tx.backtests.of(day, subject)
    context.log.info(f"{subject}: {verdict.decision}: {verdict.reason}")
    return dg.MaterializeResult(
        metadata={
            "decision": verdict.decision,
            "reason": verdict.reason,
            "subject": subject,
            "candidate": dg.MetadataValue.json(candidate),
            "in_force": in_force.version,
            "measures": table({"ranking": name} | own for name, own in report.get("measures", {}).items()),
            "differences": table({"against": name} | own for name, own in report.get("differences", {}).items()),
            **({"by_day": lines(report["by_day"], "NDCG by day")} if "by_day" in report else {}),
            "report": dg.MetadataValue.json(report),
            "dagster/row_count": 1,
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="decision_is_kept",
                passed=kept is not None and kept.decision == verdict.decision and bool(kept.reason),
            )
        ],
    )


def _night(tx: Transaction, embedder: Embedder, settings: Settings, day: date, in_force: Weights) -> Night:
    """What the listings teach, or, while they are too few, the trends."""
    ended = datetime.combine(day, time(), UTC) + timedelta(days=1)
    sales = weights.learn(tx.metrics.outcomes(ended), in_force, settings.min_outcomes)
    if sales.outcomes >= settings.min_outcomes:
        told = {"learned_from": "outcomes", "algorithm": weights.ALGORITHM, "outcomes": sales.outcomes}
        tried = learned(sales.weights) if sales.weights else None
        return Night(tried, sales.reason, sales.held_out, told | {"learning": sales.report})

    judged = _window(day, settings.backtest_days)
    newest = tx.backtests.before(day, "weights")
    known = newest.report.get("state", {}) if newest else {}
    goes_on = known.get("algorithm") == online.ALGORITHM
    state = online.State.model_validate(known) if goes_on else online.begin(in_force)
    last = judged[0] - timedelta(days=2)  # what grew in its day has grown before the first day that is judged
    first = last - timedelta(days=settings.backtest_days - 1)
    if state.through:
        first = max(first, state.through + timedelta(days=1))
    if first <= last:
        state = online.learn(state, comparable(replay(tx, embedder, first, last)), last)
    told = {
        "learned_from": "trends",
        "algorithm": online.ALGORITHM,
        "outcomes": sales.outcomes,
        "min_outcomes": settings.min_outcomes,
        "state": state.model_dump(mode="json"),
    }
    if state.hours < online.MIN_HOURS:
        return Night(None, f"not enough data: learned from {state.hours} of {online.MIN_HOURS} hours", (), told)
    new = replay(tx, embedder, *judged)
    tried = learned(online.candidate(state, in_force))
    return Night(tried, "", comparable(new), told | _counted(new))


def _asked(tx: Transaction, embedder: Embedder, settings: Settings, day: date, asked: Trial) -> Night:
    """What an engineer wants to try, on the growth of trends."""
    new = replay(tx, embedder, *_window(day, settings.backtest_days))
    return Night(asked, "", comparable(new), {"learned_from": "given"} | _counted(new))


def _window(day: date, days: int) -> tuple[date, date]:
    """The first and last day to judge on: what grew after the last is known when the day ends."""
    return day - timedelta(days=days), day - timedelta(days=1)


def _counted(new: Sequence[Followed]) -> Json:
    return {"censored": sum(one.censored for one in new), "cut_short": sum(one.cut_short for one in new)}
