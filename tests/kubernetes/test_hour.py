"""A real hour on a cluster of the tests: the real launcher and executor, real PostgreSQL, a process for every pod.

And what befalls pods there: each is retried or reported, nothing is drawn twice, the pool's slot is given back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.pools import GPU, POOLS
from resources.pods import MAX_LOST
from resources.postgres import beside, create_databases
from tests.clusters import Cluster, Pod, cluster, until
from tests.kubernetes.deployed import SECRET, instance, job, look_after_runs, look_after_slots, make_run
from tests.webhooks import listings_of, receive, statuses
from tests.worlds import HOUR, World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PARTITION = f"{HOUR:%Y-%m-%d-%H:00}"
DESIGNS = 4
PATIENCE = 500.0
"""Seconds that a run may take on a machine that others use as well."""
STEPS = {"raw_signals", "scored_ideas", "designs", "mockups", "listings", "live_listings", "hot_topics"}


Row = tuple[str, str]


class Deployed:
    """An engine on a cluster: its record, its Dagster."""

    def __init__(self, world: World, cluster: Cluster, instance: dg.DagsterInstance) -> None:
        self.world = world
        self.cluster = cluster
        self.instance = instance

    def launch(self, name: str, *only: str, partition: str = PARTITION) -> str:
        """Launch a run; its id."""
        run = make_run(self.instance, job(name), partition, only)
        self.instance.launch_run(run.run_id, None)  # type: ignore[arg-type]
        return run.run_id

    def status(self, run_id: str) -> str:
        """Of the run."""
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run.status.value

    def wait(self, run_id: str) -> str:
        """Wait for the run's end; its status."""
        self.until(lambda: self.status(run_id) in {"SUCCESS", "FAILURE", "CANCELED"}, run_id)
        return self.status(run_id)

    def until(self, true: Callable[[], bool], run_id: str) -> None:
        """Wait for something that the run does."""
        until(true, PATIENCE, lambda: self.said(run_id))

    def said(self, run_id: str) -> str:
        """All that the run's log and its pods say."""
        lines = [f"{entry.step_key}: {entry.user_message}" for entry in self.instance.all_logs(run_id)]
        return "\n".join([*lines, *(pod.log.read_text()[-2000:] for pod in self.cluster.all_pods if pod.log.exists())])

    def hit(self, run_id: str, befalls: Callable[[Pod], None]) -> dict[str, Row]:
        """Let something befall the pod that draws, once it has drawn. Returns what was drawn till it ended."""
        before = len(self.designs())
        self.until(lambda: len(self.designs()) > before, run_id)
        (pod,) = self.cluster.running("designs")
        befalls(pod)
        self.until(lambda: pod.phase == "Failed", run_id)
        return self.designs()

    def designs(self) -> dict[str, Row]:
        """Phrase → its design: the version of the row, which changes whenever it is written, and the print file."""
        query = "SELECT i.phrase, d.xmin::text, d.s3_uri FROM designs d JOIN ideas i ON i.id = d.idea_id"
        return {phrase: (version, uri) for phrase, version, uri in self.world.select(query)}

    def drawn_once(self, kept: dict[str, Row]) -> bool:
        """Whether every design is there with a print file of its own, and nothing that was kept was written again."""
        designs = self.designs()
        files = {uri for _, uri in designs.values() if self.world.objects.exists(uri)}
        return len(designs) == len(files) == DESIGNS and kept.items() <= designs.items()

    def slots(self) -> tuple[int, int]:
        """Steps that hold a slot of the pool, and steps that wait for one."""
        info = self.instance.event_log_storage.get_concurrency_info(GPU)
        return info.active_slot_count, info.pending_step_count


@pytest.fixture
def deployed(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """An engine whose hour has its ideas."""
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
        "ENGINE_GPU_POD": json.dumps({"gpus": 0}),
        "DATABASE_URL": database_url,
    }
    storage = {"postgres": {"postgres_url": urls.dagster}}
    with cluster(tmp_path, {SECRET: told}) as made, instance(made, storage) as opened:
        for pool in POOLS:
            opened.event_log_storage.initialize_concurrency_limit_to_default(pool)
        yield Deployed(world, made, opened)


@pytest.fixture
def scored(deployed: Deployed) -> Deployed:
    """An engine whose hour waits to be drawn."""
    assert deployed.world.run("hour", only=["raw_signals", "scored_ideas"]).success
    return deployed


def test_an_hour_goes_from_the_landed_payloads_to_the_upload_packs(deployed: Deployed) -> None:
    run_id = deployed.launch("hour")
    assert deployed.wait(run_id) == "SUCCESS", deployed.said(run_id)
    assert Counter(pod.step for pod in deployed.cluster.all_pods) == Counter(["", *STEPS])
    handed_over = "SELECT count(*), count(handed_over_at) FROM listings"
    assert deployed.world.select(handed_over) == [(DESIGNS, DESIGNS)]
    assert deployed.slots() == (0, 0)


def test_a_drawing_pod_that_is_evicted_goes_on_in_another_with_what_is_missing(scored: Deployed) -> None:
    run_id = scored.launch("hour", "designs")
    kept = scored.hit(run_id, Pod.evict)
    assert scored.wait(run_id) == "SUCCESS", scored.said(run_id)
    assert kept
    assert scored.drawn_once(kept)
    assert len(scored.cluster.made("designs")) == 2
    assert scored.slots() == (0, 0)


def test_no_image_and_then_too_little_memory(scored: Deployed) -> None:
    """A pod that never starts ends at its deadline, one that is killed is found dead: two lost, the third draws on."""
    scored.cluster.deadline = 5
    scored.cluster.unpullable["designs"] = 1
    run_id = scored.launch("hour", "designs")
    scored.until(lambda: len(scored.cluster.made("designs")) == 2, run_id)
    scored.cluster.deadline = None
    kept = scored.hit(run_id, Pod.starve)
    assert scored.wait(run_id) == "SUCCESS", scored.said(run_id)
    assert scored.drawn_once(kept)
    assert len(scored.cluster.made("designs")) == 3
    assert scored.slots() == (0, 0)


def test_an_image_that_is_nowhere_is_reported_and_gives_the_slot_back(scored: Deployed) -> None:
    scored.cluster.deadline = 1
    scored.cluster.unpullable["designs"] = 9
    run_id = scored.launch("hour", "designs")
    assert scored.wait(run_id) == "FAILURE"
    assert len(scored.cluster.made("designs")) == 1 + MAX_LOST
    assert "Discovered failed Kubernetes job" in scored.said(run_id)
    assert scored.world.count("designs") == 0
    assert scored.slots() == (0, 0)


def test_a_run_that_loses_its_own_pod_is_taken_up_and_its_steps_are_not_begun_again(scored: Deployed) -> None:
    run_id = scored.launch("hour", "designs")
    scored.until(lambda: bool(scored.designs()), run_id)
    (own,) = scored.cluster.running("")
    own.lose()
    kept = scored.designs()
    scored.until(lambda: scored.cluster.job(own.job)["status"].get("failed") == 1, run_id)
    look_after_runs(scored.instance)
    assert scored.wait(run_id) == "SUCCESS", scored.said(run_id)
    assert len(scored.cluster.made("")) == 2
    assert len(scored.cluster.made("designs")) == 1
    assert scored.drawn_once(kept)
    assert scored.slots() == (0, 0)


def test_a_run_that_is_cancelled_ends_and_its_slot_is_given_back(scored: Deployed) -> None:
    """Dagster does not tell the pod that draws: it goes on to the end of its step, and its designs are kept."""
    run_id = scored.launch("hour", "designs")
    scored.until(lambda: bool(scored.designs()), run_id)
    assert scored.instance.run_launcher.terminate(run_id)
    assert scored.wait(run_id) == "CANCELED", scored.said(run_id)
    assert len(scored.cluster.made("designs")) == 1

    def given_back() -> bool:
        look_after_slots(scored.instance)
        return scored.slots() == (0, 0)

    scored.until(given_back, run_id)


def test_a_hot_run_is_one_pod(deployed: Deployed) -> None:
    receive(deployed.world.url, "a", "Tomato gardening is everywhere")
    run_id = deployed.launch("hot")
    assert deployed.wait(run_id) == "SUCCESS", deployed.said(run_id)
    assert [pod.step for pod in deployed.cluster.all_pods] == [""]
    assert statuses(deployed.world.url) == {"a": "processed"}
    assert listings_of(deployed.world.url)["a"] == 1
