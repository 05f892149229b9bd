"""One hour of the engine without any UI: the sources, then everything downstream, with progress while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from assets.partitions import hour_key
from jobs.schedules import BESIDE, DOWNSTREAM

JOBS = ("sources", "hour")
POLL_SECONDS = 0.5
DETAIL_SECONDS = 2.0
NOT_RECORDED = "no error was recorded"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's own console log stays silent: the same events are told as progress, and kept in the event log."""


@dataclass(frozen=True)
class HourRun:
    """How an hour went."""

    hour: datetime
    failed: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything downstream of the sources succeeded; a broken source alone stops nobody."""
        return not set(self.failed) & {*DOWNSTREAM, *BESIDE, *JOBS}


def run_hour(defs: dg.Definitions, hour: datetime, say: Callable[[str], None]) -> HourRun:
    """Run the jobs `sources` and `hour` for the hour, in this process, on the instance of DAGSTER_HOME."""
    failed: list[str] = []
    errors: list[str] = []
    with dg.DagsterInstance.get() as instance:
        for name in JOBS:
            result = _run(defs.resolve_job_def(name), hour, instance, say)
            for event in result.all_events:
                if event.is_step_failure and event.step_key:
                    failed.append(event.step_key)
                    errors.append(f"{event.step_key}: {_first_cause(event)}")
            if not result.success and not failed:
                # It ended before its first step: a resource could not be made.
                failed.append(name)
                errors.append(f"{name}: {_end_of(result)}")
    return HourRun(hour=hour, failed=tuple(failed), errors=tuple(errors))


def _run(
    job: dg.JobDefinition, hour: datetime, instance: dg.DagsterInstance, say: Callable[[str], None]
) -> dg.ExecuteInProcessResult:
    run_id = str(uuid4())
    outcome: list[dg.ExecuteInProcessResult | BaseException] = []

    def work() -> None:
        try:
            outcome.append(
                job.execute_in_process(
                    run_config=QUIET,
                    partition_key=hour_key(hour),
                    instance=instance,
                    raise_on_error=False,
                    run_id=run_id,
                )
            )
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread below
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    progress = Progress(instance, run_id, say)
    while thread.is_alive():
        thread.join(POLL_SECONDS)
        progress.tell()
    progress.tell()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


class Progress:
    """Tells what a run is doing: each step, and at most every two seconds how far the step has come."""

    def __init__(self, instance: dg.DagsterInstance, run_id: str, say: Callable[[str], None]) -> None:
        self._instance = instance
        self._run_id = run_id
        self._say = say
        self._cursor: str | None = None
        self._told = 0.0

    def tell(self) -> None:
        """Say what is new since the last call."""
        connection = self._instance.get_records_for_run(self._run_id, cursor=self._cursor)
        self._cursor = connection.cursor
        detail: str | None = None
        for record in connection.records:
            entry = record.event_log_entry
            event = entry.dagster_event
            if event is None and entry.step_key:
                detail = f"  {entry.step_key}: {entry.user_message}"
            elif event and event.is_step_start:
                self._say(f"{event.step_key} …")
            elif event and event.is_step_failure:
                self._say(f"{event.step_key} FAILED: {_first_cause(event)}")
        if detail and time.monotonic() - self._told >= DETAIL_SECONDS:
            self._told = time.monotonic()
            self._say(detail)


def _first_cause(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    return _root(data.error)


def _end_of(result: dg.ExecuteInProcessResult) -> str:
    ends = [event for event in result.all_events if event.is_job_failure]
    return _root(ends[-1].job_failure_data.error) if ends else NOT_RECORDED


def _root(error: SerializableErrorInfo | None) -> str:
    while error and error.cause:
        error = error.cause
    return error.message.strip() if error else NOT_RECORDED
