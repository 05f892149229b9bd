"""What is deployed: the chart's values, the manifests and the images agree with each other and with `dagster.yaml`."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from pathlib import Path

import dagster as dg
import kubernetes_validate
import pytest
import yaml

from resources.pods import MODELS_DIR
from resources.settings import ROOT
from tests.clusters import VERSION, cluster
from tests.deploy.values import KNOWN, Tree, deployed_gpu_pod, deployment, rendered, unknown, values

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "docker" / "Dockerfile").read_text()
MANIFESTS = [
    manifest
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(file.read_text())
]
LOCKS = ("requirements.lock", "requirements-kubernetes.lock", "requirements-gpu.lock")


def named(kind: str) -> set[str]:
    """Names of the manifests of a kind."""
    return {manifest["metadata"]["name"] for manifest in MANIFESTS if manifest["kind"] == kind}


def containers() -> list[Tree]:
    """Of every manifest that makes pods."""
    specs = [manifest.get("spec", {}) for manifest in MANIFESTS]
    return [one for spec in specs if "template" in spec for one in spec["template"]["spec"]["containers"]]


def test_the_chart_knows_every_key() -> None:
    assert unknown(values(), KNOWN) == []
    assert unknown({"dagsterDaemon": {"runMonitorng": {}}}, KNOWN) == [".dagsterDaemon.runMonitorng"]


def test_dagster_takes_what_the_chart_makes_of_the_values(tmp_path: Path) -> None:
    with cluster(tmp_path, {}) as made:
        told = rendered(values())
        # The cluster of the tests is not around this process.
        told["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(made.kubeconfig)}
        (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(told))
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            assert type(instance.run_launcher).__name__ == "K8sRunLauncher"
            assert instance.run_retries_max_retries == 2
            assert not instance.run_retries_retry_on_asset_or_op_failure
            assert instance.run_monitoring_max_resume_run_attempts == 3
            assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
            queue = instance.get_concurrency_config().run_queue_config
            assert queue is not None
            assert queue.max_concurrent_runs == 4


def test_the_values_say_what_dagster_yaml_says() -> None:
    """But for what differs on a cluster: who launches, how long a start may take, that runs are taken up again."""
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    theirs = rendered(values())
    for one in (ours, theirs):
        for part in ("storage", "run_launcher"):
            one.pop(part, None)
        one["run_coordinator"] = one["run_coordinator"]["config"]
        one["run_monitoring"].pop("start_timeout_seconds")
    assert theirs["run_monitoring"].pop("max_resume_run_attempts") > 0
    for part in theirs["retention"].values():
        assert part["purge_after_days"].pop("started") == -1  # Dagster's default
    assert theirs == ours


def test_what_the_pod_that_draws_names_is_there() -> None:
    pod = deployed_gpu_pod()
    assert {pod.cache_claim} == named("PersistentVolumeClaim")
    assert {pod.priority_class} == named("PriorityClass")
    assert pod.image is not None
    assert MODELS_DIR in DOCKERFILE


def test_all_run_the_same_release_as_the_same_user() -> None:
    pod, image = deployed_gpu_pod(), deployment()["image"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert pod.image == f"registry.example/engine-gpu:{version}"
    assert {one["image"] for one in containers()} == {f"{image['repository']}:{image['tag']}"}
    assert image["tag"] == version
    (user,) = set(re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE))
    launcher = values()["runLauncher"]["config"]["k8sRunLauncher"]
    users = {deployment()["securityContext"]["runAsUser"], launcher["securityContext"]["runAsUser"]}
    assert users == {int(user), launcher["runK8sConfig"]["podSpecConfig"]["securityContext"]["fsGroup"]}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_every_manifest_is_valid(manifest: Tree) -> None:
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def copied() -> list[str]:
    """What the Dockerfile takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_everything_that_is_copied_is_there_and_goes_to_the_builder() -> None:
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in let_in), source
    rooms = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"])
    assert rooms <= set(copied())


def test_every_stage_that_is_named_was_built_before() -> None:
    built: set[str] = set()
    for line in DOCKERFILE.splitlines():
        if stage := re.match(r"FROM (\S+) AS (\S+)$", line):
            assert stage[1] in built or stage[1].startswith("python:"), line
            built.add(stage[2])
        elif source := re.match(r"COPY --from=(\S+)", line):
            assert source[1] in built, line
    assert {"cpu", "gpu"} <= built


def test_the_python_of_the_images_is_that_of_the_locks() -> None:
    (python,) = re.findall(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)
    assert f"--python-version {python} " in (ROOT / "Makefile").read_text()


def pins(lock: str) -> dict[str, set[str]]:
    """Package → the versions a lock has of it: one for each platform."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_the_images_have_the_versions_that_are_tested() -> None:
    tested, small, large = pins("requirements-dev.lock"), pins(LOCKS[1]), pins(LOCKS[2])
    assert small.items() <= tested.items()
    assert {name: large[name] for name in small} == small
    assert pins(LOCKS[0]).keys() <= small.keys()
    assert large["torch"] == set(re.findall(r"^TORCH := torch==(.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
