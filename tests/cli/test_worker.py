"""The warm worker's desk: who may hand a run over, and what is known of one that died."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import dagster as dg
import psutil
import pytest
import yaml
from dagster._core.launcher.base import WorkerStatus
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.storage.tags import GRPC_INFO_TAG

from assets.contract import HOT_MARK
from cli.launcher import Launcher
from cli.ports import free_port
from cli.rehearsal import rehearse
from cli.worker import ADDRESS, WORKER_TAG, Worker, hand_over, process_of
from resources.settings import ROOT, Settings


@dg.job
def empty() -> None:
    """A job for runs that nobody executes."""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with a folder of its own."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


@pytest.fixture
def worker(instance: dg.DagsterInstance) -> Worker:
    """A worker that answers, and works on nothing yet."""
    made = Worker(instance)
    threading.Thread(target=made.answer, daemon=True).start()
    wait_for(address(instance))
    return made


def wait_for(file: Path) -> None:
    """Until the file is there."""
    deadline = time.monotonic() + 10
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def home(instance: dg.DagsterInstance) -> Path:
    """Its DAGSTER_HOME."""
    return Path(instance.root_directory)


def address(instance: dg.DagsterInstance) -> Path:
    """Where its worker says how it is reached."""
    return home(instance) / ADDRESS


def run(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    """A run that is going."""
    return instance.create_run_for_job(empty, status=dg.DagsterRunStatus.STARTED, tags=tags)


def health(instance: dg.DagsterInstance, **tags: str) -> WorkerStatus:
    """What the launcher says of a run with these tags."""
    return Launcher().check_run_worker_health(run(instance, **tags)).status


def dead() -> str:
    """The name of a worker that is no more."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{process.pid}-{int(psutil.Process(process.pid).create_time())}"
    process.kill()
    process.communicate()
    return name


def test_a_run_is_taken_once_and_a_busy_worker_takes_no_other(instance: dg.DagsterInstance, worker: Worker) -> None:
    first, second = run(instance), run(instance)
    assert hand_over(home(instance), first.run_id)
    assert not hand_over(home(instance), second.run_id)
    taken, left = (instance.get_run_by_id(one.run_id) for one in (first, second))
    assert taken is not None
    assert left is not None
    assert taken.tags[WORKER_TAG] == worker.name
    assert WORKER_TAG not in left.tags


def test_where_no_worker_answers_nothing_is_taken(instance: dg.DagsterInstance) -> None:
    assert not hand_over(home(instance), "a run")
    address(instance).write_text(json.dumps({"port": free_port(), "key": "00"}))
    assert not hand_over(home(instance), "a run")


def test_strangers_are_turned_away_and_hold_nobody_up(instance: dg.DagsterInstance, worker: Worker) -> None:
    port = json.loads(address(instance).read_text())["port"]
    with pytest.raises(AuthenticationError):
        Client(("127.0.0.1", port), authkey=b"a guess")
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert stat.S_IMODE(address(instance).stat().st_mode) == 0o600
    assert hand_over(home(instance), run(instance).run_id)


def test_what_an_earlier_worker_died_with_is_given_up(instance: dg.DagsterInstance) -> None:
    theirs, nobodys = run(instance, **{WORKER_TAG: dead()}), run(instance)
    Worker(instance).give_up_left_behind()
    statuses = [found.status if (found := instance.get_run_by_id(r.run_id)) else None for r in (theirs, nobodys)]
    assert statuses == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED]


def test_a_run_is_dead_when_who_works_on_it_is(instance: dg.DagsterInstance) -> None:
    assert health(instance, **{WORKER_TAG: Worker(instance).name}) is WorkerStatus.RUNNING
    assert health(instance, **{WORKER_TAG: dead()}) is WorkerStatus.FAILED
    nowhere = json.dumps({"host": "127.0.0.1", "port": free_port()})
    assert health(instance, **{GRPC_INFO_TAG: nowhere}) is WorkerStatus.FAILED
    assert health(instance) is WorkerStatus.RUNNING, "nothing is known of it"


def test_a_number_that_another_process_has_now_is_no_worker() -> None:
    assert process_of(f"{os.getpid()}-1") is None


def test_a_rehearsal_leaves_nothing_behind_but_scenes(tmp_path: Path) -> None:
    rehearse(Settings.model_validate({"data_dir": tmp_path}))
    assert {path.name for path in tmp_path.iterdir()} <= {"scenes"}


def test_a_hot_run_goes_past_the_queue_to_the_worker_and_others_wait_in_it(tmp_path: Path) -> None:
    ours = yaml.safe_load((ROOT / "dagster.yaml").read_text())
    with dg.DagsterInstance.local_temp(
        str(tmp_path), overrides={name: ours[name] for name in ("run_coordinator", "run_launcher", "concurrency")}
    ) as instance:
        worker = Worker(instance)
        threading.Thread(target=worker.answer, daemon=True).start()
        wait_for(address(instance))
        server = GrpcServerCodeLocationOrigin(host="127.0.0.1", port=free_port())
        origin = RemoteJobOrigin(RemoteRepositoryOrigin(server, "nowhere"), empty.name)
        hot, other = (
            instance.create_run_for_job(empty, tags=tags, remote_job_origin=origin) for tags in (HOT_MARK, {})
        )
        submitted = [submit(instance, one) for one in (hot, other)]
        assert [one.status for one in submitted] == [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.QUEUED]
        taken = instance.get_run_by_id(hot.run_id)
        assert taken is not None
        assert taken.tags[WORKER_TAG] == worker.name
        assert submit(instance, taken).status is dg.DagsterRunStatus.STARTING, "what was launched is not launched twice"
        assert instance.get_concurrency_config().run_queue_config is not None


def submit(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    """Hand a run to the coordinator, as Dagster does; neither of ours looks at the workspace."""
    return instance.run_coordinator.submit_run(SubmitRunContext(run, workspace=None))  # type: ignore[arg-type]
