"""What every asset declares: owner, group, kinds, description, freshness; and what happens when it fails.

Failure classes come from `resources.errors`: transient is retried with jitter and honours Retry-After, permanent
fails at once. A step whose pod is told to end goes on in another. A failed run is never started again by the run-retry
daemon (`dagster.yaml`), only crashed ones are.
"""

from __future__ import annotations

import functools
import random
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ParamSpec, TypedDict, TypeVar

import dagster as dg
from dagster_shared.utils.warnings import PreviewWarning

from assets.partitions import HOURLY
from resources.errors import PermanentError, TransientError
from resources.pods import MAX_LOST

OWNER = "team:engine"
MAX_RETRIES = 3
FIRST_DELAY = 2.0
HOT_MARK = {"engine/hot": "true"}
"""The tag of runs that work on a batch of webhooks, not on their hour."""
THREADS = 2
"""Of an asset that works on pictures: the libraries let go of Python's lock; a thread holds some 250 MB of pixels."""

P = ParamSpec("P")
R = TypeVar("R")

# A hot run writes into the hour as well, and does not do the hour's work: nothing follows it, and it handles nothing.
_hot = dg.AutomationCondition.executed_with_tags(tag_values=HOT_MARK)
_by_the_hour = dg.AutomationCondition.newly_updated() & ~_hot
_arrived = dg.AutomationCondition.any_deps_match(
    (_by_the_hour & ~dg.AutomationCondition.executed_with_root_target()) | dg.AutomationCondition.will_be_requested()
).since(
    dg.AutomationCondition.newly_requested() | _by_the_hour | dg.AutomationCondition.initial_evaluation(),
)
_idle = ~dg.AutomationCondition.any_deps_in_progress() & ~dg.AutomationCondition.in_progress()
_recent = dg.AutomationCondition.in_latest_time_window(lookback_delta=timedelta(hours=3))

WHEN_ANY_SOURCE_ARRIVED = (_recent & _arrived & _idle).with_label("when any source arrived")
"""A broken source leaves its own partition missing and stops nobody else, so missing inputs are no obstacle here."""

WHEN_INPUTS_PASSED = (
    _recent
    & _arrived
    & _idle
    & ~dg.AutomationCondition.any_deps_missing()
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("when all inputs are there and passed their checks")


class Declared(TypedDict):
    """The arguments that every asset passes to `@dg.asset`."""

    owners: Sequence[str]
    group_name: str
    kinds: set[str]
    freshness_policy: dg.FreshnessPolicy
    partitions_def: dg.PartitionsDefinition[str]


def declare(
    group: str,
    *kinds: str,
    partitions: dg.PartitionsDefinition[str] = HOURLY,
    fresh_within: timedelta = timedelta(hours=2),
) -> Declared:
    """The contract's arguments for an asset of the group."""
    return Declared(
        owners=[OWNER],
        group_name=group,
        kinds={"python", *kinds},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=fresh_within, warn_window=fresh_within / 2),
        partitions_def=partitions,
    )


def check(
    asset: str,
    name: str,
    description: str,
    *,
    blocking: bool = False,
    partitions: dg.PartitionsDefinition[str] = HOURLY,
) -> dg.AssetCheckSpec:
    """A check of one partition of the asset, so that one hour's result says nothing of another hour.

    Partitions of a check spec are a preview in the pinned Dagster; without them a check that passed at six would let
    automation go on with what failed at five.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)
        return dg.AssetCheckSpec(
            name, asset=asset, description=description, blocking=blocking, partitions_def=partitions
        )


def classified(body: Callable[P, R]) -> Callable[P, R]:
    """Turn the house's two kinds of error into what Dagster does about them."""

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return body(*args, **kwargs)
        except PermanentError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        except TransientError as error:
            context: Any = kwargs.get("context") or args[0]
            delay = error.retry_after or FIRST_DELAY * 2**context.retry_number
            jittered = delay + random.uniform(0, delay)
            raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=jittered) from error
        except dg.DagsterExecutionInterruptedError as error:
            if _is_evicted(kwargs.get("context") or args[0]):
                raise dg.RetryRequested(max_retries=MAX_LOST) from error
            raise

    return run


def _is_evicted(context: Any) -> bool:
    """Whether the step alone is told to end: it has a process of its own, and nobody cancels its run."""
    if not context.get_step_execution_context().retry_mode.deferred:
        return False
    run = context.instance.get_run_by_id(context.run.run_id)
    return run is not None and run.status is dg.DagsterRunStatus.STARTED
