"""Which runs wait in Dagster's queue: all but hot ones, of which the sensor asks for one at a time.

What belongs here: when a submitted run is launched. What does not: by whom it is worked on (`launcher`). `dagster.yaml`
names the class, and Dagster makes one in each of its processes.

The queue is looked at every second or so, which is a fifth of what a hot run may take from end to end.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator

from assets.contract import HOT_MARK


class Coordinator(QueuedRunCoordinator[dg.DagsterInstance]):
    """Dagster's queue, past which hot runs go."""

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        """Launch a hot run that was not started yet; queue any other."""
        run = context.dagster_run
        if run.status is not dg.DagsterRunStatus.NOT_STARTED or not HOT_MARK.items() <= run.tags.items():
            return super().submit_run(context)
        return self._instance.launch_run(run.run_id, context.workspace)
