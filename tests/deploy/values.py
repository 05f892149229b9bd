"""The values of the chart, and what the chart makes of them.

What belongs here: the part of the official chart's templates and schema that the values use, told in our words, since
neither Helm nor the chart is at hand. What does not: whether it is what we want.
"""

from __future__ import annotations

from typing import Any

import yaml

from resources.pods import GpuPod
from resources.settings import ROOT

Tree = dict[str, Any]

RESOURCES = {"requests": {"cpu": ..., "memory": ...}, "limits": {"memory": ...}}
SECURITY = {"runAsNonRoot": ..., "runAsUser": ..., "allowPrivilegeEscalation": ...}
TICKS = {"purgeAfterDays": dict.fromkeys(("skipped", "failure", "success", "started"), ...)}
WORKERS = {"useThreads": ..., "numWorkers": ..., "numSubmitWorkers": ...}
KNOWN: Tree = {
    "global": {"postgresqlSecretName": ..., "dagsterHome": ..., "serviceAccountName": ...},
    "generatePostgresqlPasswordSecret": ...,
    "postgresql": {
        **dict.fromkeys(("enabled", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase"), ...),
        "service": {"port": ...},
    },
    "dagster-user-deployments": {
        "enabled": ...,
        "deployments": [
            {
                **dict.fromkeys(("name", "dagsterApiGrpcArgs", "codeServerArgs", "port", "env", "envSecrets"), ...),
                "image": {"repository": ..., "tag": ..., "pullPolicy": ...},
                "includeConfigInLaunchedRuns": {"enabled": ...},
                "resources": RESOURCES,
                "securityContext": SECURITY,
            }
        ],
    },
    "runLauncher": {
        "type": ...,
        "config": {
            "k8sRunLauncher": {
                **dict.fromkeys(("imagePullPolicy", "loadInclusterConfig", "envSecrets", "envVars", "labels"), ...),
                "resources": RESOURCES,
                "securityContext": SECURITY,
                "runK8sConfig": {"podSpecConfig": ..., "containerConfig": ..., "jobSpecConfig": ...},
            }
        },
    },
    "dagsterDaemon": {
        "enabled": ...,
        "env": ...,
        "runCoordinator": {
            "enabled": ...,
            "type": ...,
            "config": {"customRunCoordinator": {"module": ..., "class": ..., "config": ...}},
        },
        "runMonitoring": dict.fromkeys(
            (
                *("enabled", "pollIntervalSeconds", "startTimeoutSeconds", "cancelTimeoutSeconds"),
                *("freeSlotsAfterRunEndSeconds", "maxResumeRunAttempts"),
            ),
            ...,
        ),
        "runRetries": {"enabled": ..., "maxRetries": ...},
        "sensors": WORKERS,
        "schedules": WORKERS,
    },
    "retention": {"enabled": ..., "sensor": TICKS, "schedule": TICKS, "autoMaterialize": TICKS},
    "telemetry": {"enabled": ...},
    "additionalInstanceConfig": ...,
}
"""The chart's keys that the values may use; below `...` anything may stand."""


def values() -> Tree:
    """The values as they are written."""
    told: Tree = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
    return told


def unknown(told: Any, known: Any, path: str = "") -> list[str]:
    """The keys that the chart does not know, by their paths."""
    if known is ...:
        return []
    if isinstance(known, list):
        return [found for one in told for found in unknown(one, known[0], f"{path}[]")]
    return [
        found
        for key, value in told.items()
        for found in (unknown(value, known[key], f"{path}.{key}") if key in known else [f"{path}.{key}"])
    ]


def deployment() -> Tree:
    """The one code location."""
    (only,) = values()["dagster-user-deployments"]["deployments"]
    found: Tree = only
    return found


def deployed_gpu_pod() -> GpuPod:
    """What the values ask for the pod that draws."""
    environment = {variable["name"]: variable["value"] for variable in deployment()["env"]}
    return GpuPod.model_validate_json(environment["ENGINE_GPU_POD"])


def rendered(told: Tree) -> Tree:
    """The `dagster.yaml` that the chart writes, without storage and compute logs."""
    daemon = told["dagsterDaemon"]
    monitoring = daemon["runMonitoring"]
    launcher = told["runLauncher"]["config"]["k8sRunLauncher"]
    # One that is switched off is left out.
    assert not daemon["runRetries"]["enabled"]
    return {
        "run_launcher": {
            "module": "dagster_k8s",
            "class": "K8sRunLauncher",
            "config": {
                "load_incluster_config": launcher["loadInclusterConfig"],
                "job_namespace": "engine",
                "image_pull_policy": launcher["imagePullPolicy"],
                "service_account_name": "dagster",
                "dagster_home": "/opt/dagster/dagster_home",
                "instance_config_map": "dagster-instance",
                "postgres_password_secret": told["global"]["postgresqlSecretName"],
                "resources": launcher["resources"],
                "security_context": launcher["securityContext"],
                "run_k8s_config": {"pod_spec_config": launcher["runK8sConfig"]["podSpecConfig"]},
            },
        },
        "run_coordinator": daemon["runCoordinator"]["config"]["customRunCoordinator"],
        "run_monitoring": {
            "enabled": monitoring["enabled"],
            "start_timeout_seconds": monitoring["startTimeoutSeconds"],
            "max_resume_run_attempts": monitoring["maxResumeRunAttempts"],
            "poll_interval_seconds": monitoring["pollIntervalSeconds"],
            "free_slots_after_run_end_seconds": monitoring["freeSlotsAfterRunEndSeconds"],
        },
        **{
            name: {"use_threads": daemon[name]["useThreads"], "num_workers": daemon[name]["numWorkers"]}
            for name in ("sensors", "schedules")
        },
        "telemetry": {"enabled": told["telemetry"]["enabled"]},
        "retention": {
            ours: {"purge_after_days": told["retention"][theirs]["purgeAfterDays"]}
            for theirs, ours in (("sensor",) * 2, ("schedule",) * 2, ("autoMaterialize", "auto_materialize"))
        },
        **told["additionalInstanceConfig"],
    }
