"""What every step asks of Kubernetes, as the API server is sent it: what the documentation promises, and valid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import dagster as dg
import pytest
import yaml
from dagster_k8s.job import get_user_defined_k8s_config
from pydantic import ValidationError

from assets.contract import HOT_MARK
from pipeline.definitions import build_defs
from resources.pods import TAG, GpuPod, executor_config
from resources.settings import ROOT, Settings, settings
from tests.clusters import Cluster, Manifest, RefusedError, cluster
from tests.deploy.values import deployed_gpu_pod
from tests.kubernetes.deployed import SECRET, container, instance, job, launch_steps, make_run
from tests.worlds import HOUR

PARTITION = f"{HOUR:%Y-%m-%d-%H:00}"
ASKED = deployed_gpu_pod()
"""Everything that can be asked."""
DOCUMENT = ROOT / "docs" / "kubernetes.md"


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that writes down what it is sent, and does nothing."""
    with cluster(tmp_path_factory.mktemp("cluster"), {SECRET: {}}) as made:
        made.held = True
        yield made


@pytest.fixture(scope="module")
def deployed(clustered: Cluster) -> Iterator[dg.DagsterInstance]:
    """An instance before it, with everything asked."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HTTP_PROXY", "http_proxy", "DAGSTER_HOME"):
            patch.delenv(name, raising=False)
        patch.setenv("ENGINE_PROFILE", "kubernetes")
        patch.setenv("ENGINE_GPU_POD", ASKED.model_dump_json())
        settings.cache_clear()
        with instance(clustered) as opened:
            yield opened
    settings.cache_clear()


@pytest.fixture(scope="module")
def sent(clustered: Cluster, deployed: dg.DagsterInstance) -> dict[str, Manifest]:
    """Step of the job `hour` → the job that is made for it."""
    launch_steps(deployed, job("hour", "tests.kubernetes.location"), PARTITION)
    return {made["metadata"]["labels"]["dagster/op"]: made for made in clustered.jobs.values()}


def test_every_step_asks_for_what_the_documentation_promises(sent: dict[str, Manifest]) -> None:
    row = re.compile(r"^\| `(\w+)` \| ([0-9m]+) \| (\w+) \| (\d*) ?\| (\w*) ?\| (\d+) s \|$", re.MULTILINE)
    promised = {
        step: (cores, memory, gpus or None, scratch or None, int(deadline))
        for step, cores, memory, gpus, scratch, deadline in row.findall(DOCUMENT.read_text())
    }
    found = {}
    for step, made in sent.items():
        asked = container(made)["resources"]
        requests, limits = asked["requests"], asked["limits"]
        assert limits["memory"] == requests["memory"]
        assert limits.get("ephemeral-storage") == requests.get("ephemeral-storage")
        assert "cpu" not in limits
        deadline = made["spec"]["activeDeadlineSeconds"]
        scratch = limits.get("ephemeral-storage")
        found[step] = (requests["cpu"], requests["memory"], limits.get("nvidia.com/gpu"), scratch, deadline)
    assert found == promised


def test_the_pod_that_draws_is_the_one_of_the_documentation(sent: dict[str, Manifest]) -> None:
    (block,) = re.findall(r"```yaml\n(backoffLimit.*?)```", DOCUMENT.read_text(), re.DOTALL)
    spec = sent["designs"]["spec"]
    del spec["template"]["metadata"]["labels"], spec["template"]["metadata"]["name"]
    for name in ("serviceAccountName", "automountServiceAccountToken", "imagePullSecrets"):
        del spec["template"]["spec"][name]
    only = container(sent["designs"])
    assert {"name": "HF_HOME", "value": "/models/huggingface"} in only["env"]
    for name in ("args", "env", "envFrom", "imagePullPolicy", "name"):
        del only[name]
    assert spec == yaml.safe_load(block)


def test_every_job_is_valid(clustered: Cluster, sent: dict[str, Manifest]) -> None:
    """The cluster has held each to the schema already; here it is seen that it does."""
    assert len(sent) == 7
    broken = json.loads(json.dumps(sent["mockups"]))
    broken["spec"]["template"]["spec"]["nodeSelectr"] = {}
    with pytest.raises(RefusedError, match="nodeSelectr"):
        clustered.create_job("engine", broken)


def test_a_hot_run_is_one_pod_shaped_as_that_of_designs(
    clustered: Cluster, deployed: dg.DagsterInstance, sent: dict[str, Manifest]
) -> None:
    run = make_run(deployed, job("hot", "tests.kubernetes.location"), PARTITION)
    assert HOT_MARK.items() <= run.tags.items()
    deployed.launch_run(run.run_id, None)  # type: ignore[arg-type]
    made = clustered.jobs[f"dagster-run-{run.run_id}"]
    assert container(made)["resources"] == container(sent["designs"])["resources"]
    assert made["spec"]["template"]["spec"]["tolerations"] == sent["designs"]["spec"]["template"]["spec"]["tolerations"]


def test_pods_are_only_for_steps_that_there_are() -> None:
    steps = {asset.key.to_user_string() for asset in build_defs("test").resolve_all_asset_specs()}
    assert set(executor_config(GpuPod())["per_step_k8s_config"]) <= steps


@pytest.mark.parametrize(
    ("where", "typo"),
    [
        ("a section", {"container_confg": {}}),
        ("a container's field", {"container_config": {"resorces": {}}}),
        ("a pod's field", {"pod_spec_config": {"node_selectr": {}}}),
        ("a nested field", {"pod_spec_config": {"volumes": [{"name": "shm", "emptydir": {}}]}}),
    ],
)
def test_a_typo_in_a_tag_is_refused(where: str, typo: dict[str, object]) -> None:
    """By dagster-k8s, before anything is sent: what it lets pass is held to the schema as well."""
    with pytest.raises(Exception, match=r"container_confg|resorces|node_selectr|emptydir"):
        get_user_defined_k8s_config({TAG: json.dumps(typo)})


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"gpu": 1}, "gpu"),
        ({"memory": "16 GB"}, "memory"),
        ({"memory": 16}, "memory"),
        ({"gpus": 9}, "gpus"),
        ({"spot_label": "spot"}, "spot_label"),
        ({"deadline_seconds": 0}, "deadline_seconds"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(told: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Settings.model_validate({"gpu_pod": told})


def test_without_a_gpu_any_node_will_do() -> None:
    spec = GpuPod(gpus=0).config()
    assert "nvidia.com/gpu" not in json.dumps(spec)
    assert set(spec["pod_spec_config"]) == {"termination_grace_period_seconds", "volumes"}


def test_spot_is_preferred_and_never_demanded() -> None:
    spec = ASKED.config()["pod_spec_config"]
    assert list(spec["affinity"]["node_affinity"]) == ["preferred_during_scheduling_ignored_during_execution"]
    assert "karpenter.sh/capacity-type" not in spec["node_selector"]
