"""What every step asks of Kubernetes: a small pod each, and for `designs` one that may hold a GPU.

What belongs here: sizes, and how they are told to dagster-k8s. What does not: image, namespace, secrets, which are the
same for every pod (`deploy/helm/values.yaml`); and who is given a pod of its own (`jobs.schedules`).

Memory is asked for as much as it is limited, so that no node promises the same memory twice; of the processor only
what a step needs at least, so that nothing slows down beside idle cores.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from pipeline.models import Model

TAG = "dagster-k8s/config"
"""The tag of a run by which dagster-k8s shapes the run's own pod."""
GPU_RESOURCE = "nvidia.com/gpu"
MODELS_DIR = "/models"
SHARED_MEMORY = "/dev/shm"  # noqa: S108
MAX_LOST = 2
"""Pods that a step may lose; with the third it fails."""
QUANTITY = r"^[1-9][0-9]*(\.[0-9]+)?(m|Mi|Gi)?$"
LABEL = r"^([a-z0-9.-]+/)?[A-Za-z0-9._-]+=[A-Za-z0-9._-]+$"

Config = dict[str, Any]
"""Sections of a pod, as dagster-k8s merges them over those of the deployment."""


class Pod(Model):
    """A pod without a GPU."""

    cpu: str = Field(default="250m", pattern=QUANTITY, description="cores asked for; more are used where they are idle")
    memory: str = Field(default="1Gi", pattern=QUANTITY, description="asked for and limit")
    deadline_seconds: int = Field(
        default=1800,
        ge=1,
        description="from the pod's making to its end, the wait for a node and an image included: Dagster waits for "
        "ever for a pod that can't start",
    )

    def config(self) -> Config:
        """The sections of the pod."""
        return {
            "container_config": {
                "resources": {
                    "requests": {"cpu": self.cpu, "memory": self.memory},
                    "limits": {"memory": self.memory},
                }
            },
            "job_spec_config": {"active_deadline_seconds": self.deadline_seconds},
        }

    @property
    def tags(self) -> Mapping[str, str]:
        """The pod as the tag of a run."""
        return {TAG: json.dumps(self.config())}


class GpuPod(Pod):
    """The pod that draws."""

    cpu: str = Field(default="2", pattern=QUANTITY)
    memory: str = Field(default="16Gi", pattern=QUANTITY, description="asked for and limit, the shared memory included")
    deadline_seconds: int = Field(default=3600, ge=1)
    gpus: int = Field(default=1, ge=0, le=8, description="0: only the composer or image APIs draw")
    image: str | None = Field(default=None, description="with torch and diffusers; none: that of every other pod")
    node_selector: Mapping[str, str] = Field(
        default_factory=lambda: {"nvidia.com/gpu.present": "true"}, description="labels that the node must have"
    )
    spot_label: str | None = Field(
        default=None,
        pattern=LABEL,
        description="label=value of nodes that may be taken away: preferred, and tolerated where they are tainted by "
        "it; on-demand nodes are taken where there is none",
    )
    cache_claim: str | None = Field(default=None, description="PersistentVolumeClaim of the models; none: fetched anew")
    scratch: str = Field(default="10Gi", pattern=QUANTITY, description="ephemeral storage, asked for and limit")
    shared_memory: str = Field(default="2Gi", pattern=QUANTITY, description="for torch's workers, in memory")
    priority_class: str | None = Field(default=None, description="PriorityClass; it must exist")
    grace_seconds: int = Field(default=60, ge=1, description="from being told to end to being killed")

    def config(self) -> Config:
        """The sections of the pod."""
        base = super().config()
        resources = base["container_config"]["resources"]
        for kind in resources.values():
            kind["ephemeral-storage"] = self.scratch
        mounts = [{"name": "shm", "mount_path": SHARED_MEMORY}]
        volumes: list[Config] = [{"name": "shm", "empty_dir": {"medium": "Memory", "size_limit": self.shared_memory}}]
        tolerations: list[Config] = []
        spec: Config = {"termination_grace_period_seconds": self.grace_seconds}
        container: Config = {"resources": resources, "volume_mounts": mounts}
        if self.gpus:
            resources["limits"][GPU_RESOURCE] = str(self.gpus)
            spec["node_selector"] = dict(self.node_selector)
            tolerations.append({"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"})
        if self.spot_label:
            key, _, value = self.spot_label.partition("=")
            tolerations.append({"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"})
            spec["affinity"] = {"node_affinity": _preferred(key, value)}
        if self.cache_claim:
            mounts.append({"name": "models", "mount_path": MODELS_DIR})
            volumes.append({"name": "models", "persistent_volume_claim": {"claim_name": self.cache_claim}})
            container["env"] = [{"name": "HF_HOME", "value": f"{MODELS_DIR}/huggingface"}]
        if self.image:
            container["image"] = self.image
        if self.priority_class:
            spec["priority_class_name"] = self.priority_class
        if tolerations:
            spec["tolerations"] = tolerations
        return {
            **base,
            "container_config": container,
            "pod_spec_config": {**spec, "volumes": volumes},
            "pod_template_spec_metadata": {"annotations": dict(STAYS)},
        }


STAYS = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}
"""Annotations by which autoscalers leave a pod where it is while it works."""


def _preferred(key: str, value: str) -> Config:
    expression = {"key": key, "operator": "In", "values": [value]}
    term = {"weight": 100, "preference": {"match_expressions": [expression]}}
    return {"preferred_during_scheduling_ignored_during_execution": [term]}


SMALL = Pod()
STEPS: Mapping[str, Pod] = {
    "raw_signals": Pod(cpu="1", memory="2Gi"),
    "scored_ideas": Pod(cpu="1", memory="2Gi"),
    "mockups": Pod(cpu="2", memory="2Gi"),
}
"""Pods of the steps that a small one does not do for, `designs` aside."""


def executor_config(gpu: GpuPod) -> Config:
    """The configuration of `k8s_job_executor`: a small pod for each step, and what some steps ask beyond that."""
    steps = {**STEPS, "designs": gpu}
    return {
        "step_k8s_config": SMALL.config(),
        "per_step_k8s_config": {name: pod.config() for name, pod in steps.items()},
    }
