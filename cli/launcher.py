"""How Dagster starts the engine's runs: hot ones in the worker that is warm, all others as Dagster does it.

What belongs here: handing a run over, and telling whether what works on a run is alive. What does not: the work
(`worker`). `dagster.yaml` names the class, and Dagster makes one in each of its processes.

A new process spends three to five seconds on imports, typefaces and models before its first step, which is more than
a hot run needs for its work. Where no worker answers, hot runs start as all others do.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster_shared.serdes import deserialize_value

from assets.contract import HOT_MARK
from cli.worker import WORKER_TAG, hand_over, process_of

CONNECT_SECONDS = 5.0


class Launcher(dg.DefaultRunLauncher):
    """Dagster's own launcher, with a warm worker for hot runs, and an answer to whether a run is still worked on."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start a run."""
        run = context.dagster_run
        if not (HOT_MARK.items() <= run.tags.items() and hand_over(Path(self._instance.root_directory), run.run_id)):
            super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Interrupt a run. Returns whether somebody worked on it."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or WORKER_TAG not in run.tags:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        self._instance.report_run_canceling(run)
        worker = process_of(run.tags[WORKER_TAG])
        if worker is not None:
            os.kill(worker.pid, signal.SIGINT)
        return worker is not None

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It does: a run that died together with what watched it would count as going for ever."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether a process works on the run: the worker, or one of the code server that started it.

        A run that names neither is worked on by whoever made it, such as `engine run`, and nothing is known of it.
        """
        if name := run.tags.get(WORKER_TAG):
            alive, who = process_of(name) is not None, f"the worker {name}"
        elif told := run.tags.get(GRPC_INFO_TAG):
            place = json.loads(told)
            host, port = place["host"], place["port"]
            alive, who = _knows(host, port, run.run_id), f"the code server at {host}:{port}"
        else:
            alive, who = True, "whoever made it"
        status = WorkerStatus.RUNNING if alive else WorkerStatus.FAILED
        return CheckRunHealthResult(status, f"{who} {'works' if alive else 'does not work'} on it")


def _knows(host: str, port: int, run_id: str) -> bool:
    """Whether the code server has a process for the run. One that is gone has none; one that is only slow raises."""
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except ConnectionRefusedError:
        return False
    client = DagsterGrpcClient(host=host, port=port)
    answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run_id))
    return bool(deserialize_value(answer, CanCancelExecutionResult).can_cancel)
