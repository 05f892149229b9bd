"""Which ports are free, and who holds those that are not."""

from __future__ import annotations

import socket

import psutil

from resources.errors import PermanentError


def require_free(port: int, variable: str) -> None:
    """Raise PermanentError naming the port, its holder where it can be seen, and the variable that moves it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PermanentError(
                f"{variable}={port}: the port is taken{_holder(port)}. Stop that, or set {variable} to a free port."
            ) from error


def free_port() -> int:
    """A port of the loopback interface that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return ""
    pids = {c.pid for c in connections if c.laddr and c.laddr.port == port and c.status == psutil.CONN_LISTEN and c.pid}
    names = sorted(f"{psutil.Process(pid).name()} (pid {pid})" for pid in pids if psutil.pid_exists(pid))
    return f" by {', '.join(names)}" if names else ""
