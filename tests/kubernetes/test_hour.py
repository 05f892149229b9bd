"""A real hour on a cluster of the tests: the real launcher and executor, real PostgreSQL, a process for every pod.

And what befalls pods there: each is retried or reported, nothing is drawn twice, the pool's slot is given back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.pools import GPU, POOLS
from resources.postgres import beside, create_databases
from tests.clusters import Cluster, cluster, until
from tests.kubernetes.deployed import SECRET, instance, job, make_run
from tests.worlds import HOUR, World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PARTITION = f"{HOUR:%Y-%m-%d-%H:00}"
DESIGNS = 3
STEPS = {"raw_signals", "scored_ideas", "designs", "mockups", "listings", "live_listings", "hot_topics"}


class Deployed:
    """An engine on a cluster: its record, its Dagster."""

    def __init__(self, world: World, cluster: Cluster, instance: dg.DagsterInstance) -> None:
        self.world = world
        self.cluster = cluster
        self.instance = instance

    def launch(self, name: str, *only: str) -> str:
        """Launch a run; its id."""
        run = make_run(self.instance, job(name), PARTITION, only)
        self.instance.launch_run(run.run_id, None)  # type: ignore[arg-type]
        return run.run_id

    def status(self, run_id: str) -> str:
        """Of the run."""
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run.status.value

    def wait(self, run_id: str, seconds: float = 500) -> str:
        """Wait for the run's end; its status."""
        until(lambda: self.status(run_id) in {"SUCCESS", "FAILURE", "CANCELED"}, seconds, lambda: self.said(run_id))
        return self.status(run_id)

    def said(self, run_id: str) -> str:
        """All that the run's log and its pods say."""
        lines = [f"{entry.step_key}: {entry.user_message}" for entry in self.instance.all_logs(run_id)]
        return "\n".join([*lines, *(pod.log.read_text()[-2000:] for pod in self.cluster.all_pods)])

    def drawn(self, run_id: str) -> Counter[str]:
        """Phrase → how often its drawing was begun."""
        said = [entry.user_message for entry in self.instance.all_logs(run_id) if entry.step_key == "designs"]
        begun = [line.partition(": ")[2] for line in said if f" of {DESIGNS}: " in line]
        return Counter(begun)

    def slots_held(self) -> int:
        """How many slots of the pool are taken, and how many steps wait for one."""
        info = self.instance.event_log_storage.get_concurrency_info(GPU)
        return info.active_slot_count + info.pending_step_count


@pytest.fixture
def deployed(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """An engine whose sources have landed."""
    for name in ("HTTP_PROXY", "http_proxy", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    world = World(tmp_path / "data", database_url, designs_per_hour=DESIGNS)
    assert world.run("sources").success
    urls = beside(database_url)
    create_databases(urls)
    told = {
        "ENGINE_PROFILE": "kubernetes",
        "ENGINE_DATA_DIR": str(world.folder),
        "ENGINE_DESIGNS_PER_HOUR": str(DESIGNS),
        "ENGINE_IDEAS_PER_HOUR": "8",
        "ENGINE_MARKETPLACES": "etsy",
        "ENGINE_GPU_POD": json.dumps({"gpus": 0, "grace_seconds": 20, "deadline_seconds": 60}),
        "DATABASE_URL": database_url,
    }
    storage = {"postgres": {"postgres_url": urls.dagster}}
    with cluster(tmp_path, {SECRET: told}) as made, instance(made, storage) as opened:
        for pool in POOLS:
            opened.event_log_storage.initialize_concurrency_limit_to_default(pool)
        yield Deployed(world, made, opened)


def test_an_hour_goes_from_the_landed_payloads_to_the_upload_packs(deployed: Deployed) -> None:
    run_id = deployed.launch("hour")
    assert deployed.wait(run_id) == "SUCCESS", deployed.said(run_id)
    assert {pod.step for pod in deployed.cluster.all_pods} == {"", *STEPS}
    assert len(deployed.cluster.all_pods) == 1 + len(STEPS)
    assert deployed.world.count("designs") == DESIGNS
    assert deployed.slots_held() == 0
