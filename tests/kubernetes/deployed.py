"""The engine as it is deployed on Kubernetes, before a cluster of the tests.

What belongs here: its instance, its runs, what it asks of the cluster. What does not: the cluster (`tests.clusters`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import yaml
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.execution.api import create_execution_plan
from dagster._core.execution.context_creation_job import (
    PlanOrchestrationContextManager,
    orchestration_context_event_generator,
)
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.execution.plan.step import ExecutionStep
from dagster._core.executor.step_delegating import StepHandlerContext
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster._daemon.monitoring.concurrency import execute_concurrency_slots_iteration
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster._grpc.types import ExecuteStepArgs

from resources.settings import ROOT
from tests.clusters import Cluster, Manifest

IMAGE = "engine:test"
SECRET = "engine-env"


def launcher(cluster: Cluster) -> dict[str, Any]:
    """The launcher's part of the instance, as the chart writes it, before the cluster."""
    return {
        "module": "dagster_k8s",
        "class": "K8sRunLauncher",
        "config": {
            "service_account_name": "dagster",
            "instance_config_map": "dagster-instance",
            "dagster_home": str(cluster.folder / "home"),
            "job_namespace": "engine",
            "load_incluster_config": False,
            "kubeconfig_file": str(cluster.kubeconfig),
            "env_secrets": [SECRET],
            "resources": {"requests": {"cpu": "250m", "memory": "2Gi"}, "limits": {"memory": "2Gi"}},
        },
    }


@contextmanager
def instance(cluster: Cluster, storage: Mapping[str, object] | None = None) -> Iterator[dg.DagsterInstance]:
    """The instance of `dagster.yaml` with a cluster's launcher and coordinator; on SQLite if no storage is told."""
    home = cluster.folder / "home"
    home.mkdir()
    told = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    del told["run_coordinator"], told["storage"]
    told["run_monitoring"] |= {"max_resume_run_attempts": 3, "free_slots_after_run_end_seconds": 1}
    told["run_launcher"] = launcher(cluster)
    if storage:
        told["storage"] = storage
    (home / "dagster.yaml").write_text(yaml.safe_dump(told))
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def job(name: str, module: str = "pipeline.definitions") -> ReconstructableJob:
    """A job of the code location, in the image."""
    return ReconstructableRepository.for_module(
        module, "defs", working_directory=str(ROOT), container_image=IMAGE
    ).get_reconstructable_job(name)


def make_run(
    instance: dg.DagsterInstance, job: ReconstructableJob, partition: str, only: Sequence[str] | None = None
) -> dg.DagsterRun:
    """A run of the job, or of some of its assets, for a partition."""
    chosen = {dg.AssetKey(name) for name in only} if only else None
    subset = job.get_subset(asset_selection=chosen) if chosen else job
    definition = subset.get_definition()
    return instance.create_run_for_job(
        definition,
        asset_selection=chosen,
        tags={**definition.run_tags, "dagster/partition": partition},
        job_code_origin=job.get_python_origin(),
    )


def launch_steps(instance: dg.DagsterInstance, job: ReconstructableJob, partition: str) -> None:
    """Let the job's executor send a job for each of its steps, whatever they wait for."""
    run = make_run(instance, job, partition)
    plan = create_execution_plan(job, tags=run.tags)
    manager = PlanOrchestrationContextManager(
        orchestration_context_event_generator,
        job=job,
        execution_plan=plan,
        run_config={},
        dagster_run=run,
        instance=instance,
        raise_on_error=True,
        executor_defs=None,
        output_capture=None,
    )
    list(manager.prepare_context())
    context = manager.get_context()
    handler = context.executor._step_handler  # type: ignore[attr-defined]
    for step in plan.steps:
        assert isinstance(step, ExecutionStep)
        told = ExecuteStepArgs(
            job_origin=job.get_python_origin(),
            run_id=run.run_id,
            step_keys_to_execute=[step.key],
            instance_ref=instance.get_ref(),
            known_state=KnownExecutionState(),
        )
        list(handler.launch_step(StepHandlerContext(instance, context, [step], told, run)))


def _daemon(instance: dg.DagsterInstance) -> IWorkspaceProcessContext[Any]:
    return cast(
        "IWorkspaceProcessContext[Any]", SimpleNamespace(instance=instance, create_request_context=lambda: None)
    )


def look_after_runs(instance: dg.DagsterInstance) -> None:
    """What Dagster's daemon does every now and then: see whether who works on a run is still there."""
    found = execute_run_monitoring_iteration(_daemon(instance), logging.getLogger("monitoring"))
    assert not list(filter(None, found))


def look_after_slots(instance: dg.DagsterInstance) -> None:
    """The same: give back the slots of runs that have ended."""
    found = execute_concurrency_slots_iteration(_daemon(instance), logging.getLogger("monitoring"))
    assert not list(filter(None, found))


def container(made: Manifest) -> Manifest:
    """The container of a job's pod."""
    (only,) = made["spec"]["template"]["spec"]["containers"]
    found: Manifest = only
    return found
