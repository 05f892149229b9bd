"""Kill −9 in the middle of a hot run: every event is processed in the end, and once to effect."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg
import psutil
import pytest

from assets.scope import HOT, going
from benchmarks.stage import embedded
from cli.instance import Instance
from cli.supervisor import Child, Supervisor
from cli.up import Children, children
from cli.worker import ADDRESS, WORKER_TAG
from resources.postgres import beside
from tests.webhooks import listings_of, receive, statuses

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TITLES = {"a": "Tomato gardening is everywhere", "b": "Camping with my dog", "c": "Coffee before anything else"}
PER_EVENT = 1


class Engine:
    """The parts of an engine that a hot run needs, each a process of its own, mended when they die."""

    def __init__(self, parts: Children, supervisor: Supervisor, instance: dg.DagsterInstance, url: str) -> None:
        self.parts = parts
        self.supervisor = supervisor
        self.instance = instance
        self.url = url

    def receive(self, *names: str) -> None:
        """Receive events now."""
        for name in names:
            receive(self.url, name, TITLES[name], at=datetime.now(UTC))

    def until(self, true: Callable[[], bool], seconds: float = 120, *, mend: bool = True) -> None:
        """Wait for something."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, (statuses(self.url), self.runs())
            if mend:
                self.supervisor.mend()
            time.sleep(0.02)

    def runs(self) -> list[str]:
        """The statuses of the hot runs, the newest first."""
        return [run.status.value for run in self.instance.get_runs(dg.RunsFilter(job_name=HOT))]

    def at_step(self, name: str) -> bool:
        """Whether a hot run that is going has begun the step."""
        return any(
            step.step_key == name
            for run_id in going(self.instance)
            for step in self.instance.get_run_step_stats(run_id)
        )

    def all_processed(self) -> bool:
        """Whether no event waits and no hot run is going."""
        return set(statuses(self.url).values()) == {"processed"} and not going(self.instance)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine that waits for events."""
    with monkeypatch.context() as patch:
        for name in ("DATABASE_URL", "DAGSTER_HOME", "DAGSTER_POSTGRES_URL"):
            patch.setenv(name, "")
        yield from _engine()


def _engine() -> Iterator[Engine]:
    with embedded() as (settings, url), dg.DagsterInstance.get() as instance:
        folder = settings.data_dir.resolve()
        home = folder / "dagster"
        environment = {"ENGINE_DATA_DIR": str(folder), "ENGINE_MARKETPLACES": "etsy"}
        supervisor = Supervisor(folder, environment, print)
        supervisor.claim()
        parts = children(settings, Instance(url, beside(url).dagster, home))
        try:
            for part in (parts.code, parts.worker, parts.daemon):
                supervisor.start(part)
            made = Engine(parts, supervisor, instance, url)
            made.until((home / ADDRESS).exists)
            yield made
        finally:
            supervisor.stop()


def kill(child: Child) -> None:
    """Kill −9."""
    assert child.process is not None
    psutil.Process(child.process.pid).kill()
    child.process.wait()


@pytest.mark.parametrize("step", ["raw_signals", "designs", "live_listings"])
def test_the_process_of_a_hot_run_is_killed(engine: Engine, step: str) -> None:
    engine.receive("a", "b")
    engine.until(lambda: engine.at_step(step))
    (run_id,) = going(engine.instance)
    run = engine.instance.get_run_by_id(run_id)
    assert run is not None
    assert WORKER_TAG in run.tags, "it is in the warm worker"
    kill(engine.parts.worker)
    left_behind = "taken" in statuses(engine.url).values()  # or the kill came after the last transaction
    engine.receive("c")
    engine.until(engine.all_processed)
    assert listings_of(engine.url) == dict.fromkeys("abc", PER_EVENT)
    assert "FAILURE" in engine.runs()
    assert engine.runs().count("SUCCESS") == 1 + left_behind, "one for what came since, one for what was left behind"


def test_the_daemon_is_killed_between_the_tick_and_the_run(engine: Engine) -> None:
    engine.receive("a", "b")
    engine.until(lambda: bool(engine.runs()))
    kill(engine.parts.daemon)
    engine.receive("c")
    engine.until(engine.all_processed)
    assert listings_of(engine.url) == dict.fromkeys("abc", PER_EVENT)


def test_everything_but_the_database_is_killed(engine: Engine) -> None:
    engine.receive("a", "b")
    engine.until(lambda: engine.at_step("designs"))
    for part in (engine.parts.daemon, engine.parts.worker, engine.parts.code):
        kill(part)
    engine.receive("c")
    engine.until(engine.all_processed)
    assert listings_of(engine.url) == dict.fromkeys("abc", PER_EVENT)


def test_a_hot_run_of_a_process_of_its_own_is_killed(engine: Engine) -> None:
    """Where no worker answers, a run starts as all others do."""
    kill(engine.parts.worker)
    engine.receive("a", "b")
    engine.until(lambda: engine.at_step("designs"), mend=False)
    (run_id,) = going(engine.instance)
    said = [entry.user_message for entry in engine.instance.all_logs(run_id)]
    (pid,) = re.findall(r"Executing steps in process \(pid: (\d+)\)", "\n".join(said))
    psutil.Process(int(pid)).kill()
    engine.until(engine.all_processed)
    assert listings_of(engine.url) == dict.fromkeys("ab", PER_EVENT)
    assert "FAILURE" in engine.runs()
