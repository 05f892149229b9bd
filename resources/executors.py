"""How steps run on Kubernetes: dagster-k8s's executor, which starts a step again whose pod was taken away.

What belongs here: the one decision that differs. What does not: what pods ask for (`pods`). It needs the extra
`kubernetes`; nobody imports it in another profile.

Dagster's own executor fails a step whose pod is gone unless the asset has a retry policy, and such a policy would
also repeat bugs and refuse to be cancelled where steps run in the run's process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import dagster as dg
from dagster._core.definitions.executor_definition import multiple_process_executor_requirements
from dagster._core.execution.plan.objects import StepRetryData
from dagster._core.executor.step_delegating import StepDelegatingExecutor
from dagster_k8s import k8s_job_executor

from resources.pods import MAX_LOST

if TYPE_CHECKING:
    from dagster._core.execution.context.system import IStepContext
    from dagster._core.execution.plan.state import KnownExecutionState
    from dagster_shared.error import SerializableErrorInfo


class PodExecutor(StepDelegatingExecutor):
    """dagster-k8s's executor, and another pod for a step that lost its own."""

    def log_failure_or_retry_event_after_error(
        self, step_context: IStepContext, err_info: SerializableErrorInfo, known_state: KnownExecutionState
    ) -> dg.DagsterEvent:
        """What becomes of a step that did not tell its end: killed, never started, or without its resources."""
        attempts = known_state.get_retry_state().get_attempt_count(step_context.step.key)
        if step_context.retry_mode.disabled or attempts >= MAX_LOST:
            return super().log_failure_or_retry_event_after_error(step_context, err_info, known_state)
        return dg.DagsterEvent.step_retry_event(step_context, StepRetryData(error=err_info))  # type: ignore[no-untyped-call]


def _made(context: dg.InitExecutorContext) -> dg.Executor:
    made = cast("dg.Executor", k8s_job_executor.executor_creation_fn(context))  # type: ignore[misc]
    made.__class__ = PodExecutor
    return made


pod_executor = dg.ExecutorDefinition(
    name="pods",
    executor_creation_fn=_made,
    config_schema=k8s_job_executor.config_schema,  # type: ignore[arg-type]
    requirements=multiple_process_executor_requirements(),
    description="A pod for each step, and another one where a pod was taken away.",
)
