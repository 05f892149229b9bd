"""A Kubernetes for the tests: its API for jobs and pods on a port of this machine, and a process for every pod.

What belongs here: what a cluster does with a job, in its own words (batch/v1, core/v1), and the misfortunes that befall
a pod. What does not: Dagster.

It is no scheduler and no kubelet: there is one node with room for all, an image is this machine with its virtual
environment, and volumes are not mounted. What it is sent must be valid by Kubernetes' own schema, as a real server's
must. A job has one pod and is not tried again (`backoffLimit: 0`, which is what Dagster asks for).
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import kubernetes_validate
import yaml

from resources.settings import ROOT

VERSION = "1.34"
"""Of the schema that it holds what it is sent to."""
TICK = 0.1
GRACE = 30

Manifest = dict[str, Any]


class RefusedError(Exception):
    """What the server says no to, as HTTP status, reason and message."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
        self.body["message"] = message
        self.code = code


@dataclass
class Pod:
    """A pod: a process, and what is told of it."""

    name: str
    job: str
    manifest: Manifest
    log: Path
    made: float = field(default_factory=time.monotonic)
    process: subprocess.Popen[bytes] | None = None
    waiting: str = ""
    """Why its container does not start: ErrImagePull, say."""
    reason: str = ""
    """Of its end, if it was not its own: Evicted, OOMKilled."""
    kill_at: float | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        labels: Mapping[str, str] = self.manifest["metadata"]["labels"]
        return labels

    @property
    def step(self) -> str:
        """The step it is for; "" for a run's own pod."""
        return self.labels.get("dagster/op", "")

    @property
    def phase(self) -> str:
        """Pending, Running, Succeeded or Failed."""
        if self.process is None:
            return "Failed" if self.reason else "Pending"
        code = self.process.poll()
        if code is None:
            return "Running"
        return "Succeeded" if code == 0 and not self.reason else "Failed"

    def evict(self) -> None:
        """The node wants it gone, as a spot node does that is taken away: told to end, killed after its grace."""
        self.end("Evicted")

    def starve(self) -> None:
        """It uses more memory than its limit: the kernel kills it."""
        self.end("OOMKilled", grace=0)

    def lose(self) -> None:
        """Its node is gone."""
        self.end("NodeLost", grace=0)

    def end(self, reason: str, grace: float | None = None) -> None:
        """End it: SIGTERM, and after the grace SIGKILL."""
        self.reason = reason
        if grace is None:
            grace = self.manifest["spec"].get("terminationGracePeriodSeconds", GRACE)
        self.kill_at = time.monotonic() + grace
        if self.process is not None and self.process.poll() is None:
            # Only the container's first process is told; all are killed.
            os.kill(self.process.pid, signal.SIGTERM) if grace else self._kill()

    def tick(self) -> None:
        """Kill it when its grace is over."""
        if self.kill_at is not None and time.monotonic() >= self.kill_at:
            self._kill()

    def _kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def told(self) -> Manifest:
        """The pod as the API tells of it."""
        return {**self.manifest, "status": {"phase": self.phase, **self._ended(), "containerStatuses": [self._state()]}}

    def _ended(self) -> Manifest:
        if self.reason not in {"Evicted", "NodeLost"}:
            return {}
        target = {"type": "DisruptionTarget", "status": "True", "reason": self.reason}
        return {"reason": self.reason, "conditions": [target]}

    def _state(self) -> Manifest:
        container = self.manifest["spec"]["containers"][0]
        told = {"name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0}
        code = self.process.poll() if self.process else None
        if self.waiting:
            state: Manifest = {"waiting": {"reason": self.waiting, "message": f"{container['image']}: {self.waiting}"}}
        elif self.process is None or code is None:
            state = {"running": {"startedAt": _now()}}
        else:
            why = "OOMKilled" if self.reason == "OOMKilled" else "Completed" if code == 0 else "Error"
            state = {"terminated": {"exitCode": 128 - code if code < 0 else code, "reason": why}}
        return {**told, "ready": "running" in state, "state": state}


class Cluster:
    """The cluster. What lies under `secrets` and `config_maps` is what pods may take their environment from."""

    def __init__(self, folder: Path, secrets: Mapping[str, Mapping[str, str]]) -> None:
        self.folder = folder
        self.secrets = secrets
        self.config_maps: dict[str, Mapping[str, str]] = {}
        self.jobs: dict[str, Manifest] = {}
        self.pods: dict[str, Pod] = {}
        self.all_pods: list[Pod] = []
        """Those that are gone as well, in the order of their making."""
        self.held = False
        """Whether jobs are only written down, and no pod is made."""
        self.unpullable: dict[str, int] = {}
        """Step → how many of its next pods find no image."""
        self.deadline: float | None = None
        """Seconds in place of the deadline of every job that has one, which is longer than a test."""
        self.token = uuid4().hex
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._done = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._server.serve_forever, self._go)]

    def start(self) -> None:
        """Answer, and let time pass."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End every pod, then the server."""
        self._done.set()
        for pod in self.all_pods:
            pod.end("Deleted", grace=0)
        self._server.shutdown()
        self._server.server_close()

    @property
    def kubeconfig(self) -> Path:
        """The file by which a client finds it."""
        file = self.folder / "kubeconfig"
        named = {"cluster": "fake", "user": "test", "namespace": "engine"}
        file.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "fake",
                    "clusters": [
                        {"name": "fake", "cluster": {"server": f"http://127.0.0.1:{self._server.server_port}"}}
                    ],
                    "users": [{"name": "test", "user": {"token": self.token}}],
                    "contexts": [{"name": "fake", "context": named}],
                }
            )
        )
        return file

    def running(self, step: str) -> list[Pod]:
        """The pods of the step that work; of "": those of runs."""
        with self._lock:
            return [pod for pod in self.pods.values() if pod.step == step and pod.phase == "Running"]

    def made(self, step: str) -> list[Pod]:
        """Every pod that the step ever had."""
        with self._lock:
            return [pod for pod in self.all_pods if pod.step == step]

    def admit(self, authorization: str | None) -> None:
        """Refuse whoever does not bring the token."""
        if authorization != f"Bearer {self.token}":
            raise RefusedError(401, "Unauthorized", "Unauthorized")

    # What the API does -----------------------------------------------------------------------------------------------

    def create_job(self, namespace: str, body: Manifest) -> Manifest:
        """Take a job, and make its pod."""
        name = body["metadata"]["name"]
        try:
            kubernetes_validate.validate(body, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            raise RefusedError(422, "Invalid", f"Job {name!r} is invalid: {error.message}") from error
        with self._lock:
            if name in self.jobs:
                raise RefusedError(409, "AlreadyExists", f'jobs.batch "{name}" already exists')
            job = {**body, "metadata": {**body["metadata"], "namespace": namespace, "uid": str(uuid4())}}
            job["status"] = {"active": 1, "startTime": _now()}
            self.jobs[name] = job
            if not self.held:
                self._make_pod(job)
            return job

    def delete_job(self, name: str) -> Manifest:
        """Forget a job; its pod is somebody else's to delete, as with the Python client."""
        with self._lock:
            _found(self.jobs, "jobs.batch", name)
            return self.jobs.pop(name)

    def delete_pod(self, name: str) -> Manifest:
        """Tell a pod to end."""
        with self._lock:
            pod = _found(self.pods, "pods", name)
            pod.end("Deleted")
            return pod.told()

    def job(self, name: str) -> Manifest:
        """A job with its status."""
        with self._lock:
            return _found(self.jobs, "jobs.batch", name)

    def pod(self, name: str) -> Pod:
        """A pod."""
        with self._lock:
            return _found(self.pods, "pods", name)

    def listed(self, kind: str, query: Mapping[str, str]) -> list[Manifest]:
        """The jobs or pods that the selectors choose."""
        with self._lock:
            every = list(self.jobs.values()) if kind == "jobs" else [pod.told() for pod in self.pods.values()]
        return [one for one in every if _chosen(one, query)]

    # What a cluster does by itself -----------------------------------------------------------------------------------

    def _make_pod(self, job: Manifest) -> None:
        name, template = job["metadata"]["name"], job["spec"]["template"]
        labels = {**template["metadata"].get("labels", {}), "job-name": name, "batch.kubernetes.io/job-name": name}
        metadata = {**template["metadata"], "name": f"{name}-{uuid4().hex[:5]}", "labels": labels}
        metadata |= {"namespace": job["metadata"]["namespace"], "uid": str(uuid4())}
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
        pod = Pod(metadata["name"], name, manifest, self.folder / f"{metadata['name']}.log")
        self.pods[pod.name] = pod
        self.all_pods.append(pod)
        if self.unpullable.get(pod.step, 0) > 0:
            self.unpullable[pod.step] -= 1
            pod.waiting = "ErrImagePull"
            return
        container = template["spec"]["containers"][0]
        environment = self._environment(container)
        with pod.log.open("wb") as log:
            pod.process = subprocess.Popen(
                [*container.get("command", []), *container["args"]],
                cwd=ROOT,
                env={**BASE, "HOSTNAME": pod.name, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self, container: Manifest) -> dict[str, str]:
        found: dict[str, str] = {}
        for source in container.get("envFrom", []):
            if "secretRef" in source:
                found |= self.secrets[source["secretRef"]["name"]]
            else:
                found |= self.config_maps[source["configMapRef"]["name"]]
        for variable in container.get("env", []):
            if told := variable.get("valueFrom"):
                key = told["secretKeyRef"]
                found[variable["name"]] = self.secrets[key["name"]][key["key"]]
            else:
                found[variable["name"]] = variable.get("value", "")
        return found

    def _go(self) -> None:
        while not self._done.wait(TICK):
            with self._lock:
                for pod in list(self.pods.values()):
                    pod.tick()
                    if pod.reason == "Deleted" and pod.phase != "Running":
                        del self.pods[pod.name]
                    self._keep_job(pod)

    def _keep_job(self, pod: Pod) -> None:
        """The job controller: a pod's end is its job's, and a job has a deadline."""
        job = self.jobs.get(pod.job)
        if job is None or not job["status"].get("active"):
            return
        limit = job["spec"].get("activeDeadlineSeconds")
        if limit is not None and self.deadline is not None:
            limit = self.deadline
        if pod.phase == "Succeeded":
            job["status"] = {"succeeded": 1, "conditions": [_condition("Complete", "CompletionsReached")]}
        elif pod.phase == "Failed":
            job["status"] = {"failed": 1, "conditions": [_condition("Failed", "BackoffLimitExceeded")]}
        elif limit is not None and time.monotonic() - pod.made > limit:
            job["status"] = {"failed": 1, "conditions": [_condition("Failed", "DeadlineExceeded")]}
            pod.end("Deleted")


BASE = {
    "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
    "PYTHONPATH": str(ROOT),
    "HOME": os.environ.get("HOME", "/"),
    "LANG": "C.UTF-8",
}
"""What is in the image."""


T = TypeVar("T")


def _found(among: Mapping[str, T], kind: str, name: str) -> T:
    if name not in among:
        raise RefusedError(404, "NotFound", f'{kind} "{name}" not found')
    return among[name]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _condition(kind: str, reason: str) -> Manifest:
    return {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": _now()}


def _chosen(one: Manifest, query: Mapping[str, str]) -> bool:
    metadata = one["metadata"]
    wanted = [part.split("=", 1) for part in query.get("labelSelector", "").split(",") if part]
    if any(metadata.get("labels", {}).get(key) != value for key, value in wanted):
        return False
    names = [part.partition("=")[2] for part in query.get("fieldSelector", "").split(",") if part]
    return all(metadata["name"] == name for name in names)


JOBS = re.compile(r"^/apis/batch/v1/namespaces/(?P<namespace>[^/]+)/jobs(?:/(?P<name>[^/]+)(?P<status>/status)?)?$")
PODS = re.compile(r"^/api/v1/namespaces/(?P<namespace>[^/]+)/pods(?:/(?P<name>[^/]+)(?P<log>/log)?)?$")
EVENTS = re.compile(r"^/api/v1/namespaces/(?P<namespace>[^/]+)/events$")


def _answer(cluster: Cluster, method: str, target: str, body: Manifest | None) -> tuple[int, Manifest | bytes]:
    """What the server says: a status, and JSON or a log."""
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    for pattern, answers in ((JOBS, _of_jobs), (PODS, _of_pods), (EVENTS, _of_events)):
        if found := pattern.match(parts.path):
            return answers(cluster, method, found, query, body)
    raise RefusedError(404, "NotFound", "the server could not find the requested resource")


Answer = tuple[int, Manifest | bytes]
Query = Mapping[str, str]


def _of_jobs(cluster: Cluster, method: str, found: re.Match[str], query: Query, body: Manifest | None) -> Answer:
    match method, found["name"]:
        case "POST", None if body is not None:
            return 201, cluster.create_job(found["namespace"], body)
        case "GET", None:
            return 200, _list("JobList", "batch/v1", cluster.listed("jobs", query))
        case "GET", name:
            return 200, cluster.job(name)
        case "DELETE", str(name):
            return 200, cluster.delete_job(name)
    raise _not_allowed(method)


def _of_pods(cluster: Cluster, method: str, found: re.Match[str], query: Query, _: Manifest | None) -> Answer:
    match method, found["name"], found["log"]:
        case "GET", None, _:
            return 200, _list("PodList", "v1", cluster.listed("pods", query))
        case "GET", name, None:
            return 200, cluster.pod(name).told()
        case "GET", name, _:
            return 200, cluster.pod(name).log.read_bytes()
        case "DELETE", str(name), None:
            return 200, cluster.delete_pod(name)
    raise _not_allowed(method)


def _of_events(_: Cluster, method: str, __: re.Match[str], ___: Query, ____: Manifest | None) -> Answer:
    if method == "GET":
        return 200, _list("EventList", "v1", [])
    raise _not_allowed(method)


def _not_allowed(method: str) -> RefusedError:
    return RefusedError(405, "MethodNotAllowed", f"{method} is not known here")


def _list(kind: str, version: str, items: list[Manifest]) -> Manifest:
    return {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": items}


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            try:
                cluster.admit(self.headers.get("Authorization"))
                code, told = _answer(cluster, self.command, self.path, sent)
            except RefusedError as refused:
                code, told = refused.code, refused.body
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain" if isinstance(told, bytes) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler


@contextmanager
def cluster(folder: Path, secrets: Mapping[str, Mapping[str, str]]) -> Iterator[Cluster]:
    """A cluster that answers."""
    made = Cluster(folder, secrets)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def until(true: Callable[[], bool], seconds: float, told: Callable[[], object]) -> None:
    """Wait for something; what is told is said when it does not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)
