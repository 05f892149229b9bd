"""Pictures of a ComfyUI server: a workflow is submitted, followed over a websocket, and its picture fetched.

Routes and messages are those of ComfyUI's documentation ("Server routes" and "Messages" at docs.comfy.org).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from pipeline.models import Json, Painting, PictureRequest, sha256
from resources.artists.asking import CONNECT_S, Service, Stopwatch, looked_at
from resources.artists.budget import Budget
from resources.artists.workflows import Workflow, models_of, read
from resources.errors import PermanentError, TransientError
from resources.fetching.masking import quoted
from resources.settings import Settings

LOG = logging.getLogger(__name__)
NAME = "comfyui"
SHIPPED = Path(__file__).parent
FROM_PROMPT, FROM_PICTURE = SHIPPED / "comfyui_sdxl.json", SHIPPED / "comfyui_sdxl_from_picture.json"
CHECKPOINT, CHECKPOINT_LICENCE = "sd_xl_base_1.0.safetensors", "CreativeML Open RAIL++-M"
MAX_MESSAGE = 32 * 2**20
"""Bytes: previews are sent as messages too."""
POLL_S = 0.2


class ComfyUI:
    """A `Painter`. It waits in the server's queue like everybody, and takes its job back when its time is over.

    Raises:
        PermanentError: the workflow can't be used.
    """

    name = NAME

    def __init__(self, settings: Settings, budget: Budget) -> None:
        del budget  # one's own server costs nothing a picture
        self._service = Service(NAME, settings.comfyui_url, settings.painter_seconds)
        self._url = settings.comfyui_url.rstrip("/")
        self._limit = settings.painter_seconds
        own = settings.comfyui_workflow
        self._from_prompt, self._from_picture = read(own or FROM_PROMPT), read(own or FROM_PICTURE)
        self._checkpoint = settings.checkpoint or CHECKPOINT
        known = own is None and self._checkpoint == CHECKPOINT
        self._licence = CHECKPOINT_LICENCE if known else settings.checkpoint_licence

    def paint(self, request: PictureRequest) -> Painting:
        """The picture; raises as `Painter`."""
        watch = Stopwatch(self._limit)
        workflow = self._from_picture if request.init_image else self._from_prompt
        nodes = workflow.filled(self._values(request, workflow))
        client = uuid4().hex
        with self._listening(client, watch) as socket:
            job = self._submitted(nodes, client)
            told = _Told(job)
            try:
                self._follow(socket, told, watch)
                outputs = self._outputs(told, watch)
            except TransientError:
                self._take_back(job)
                raise
        found = looked_at(self._fetched(job, outputs), f"{NAME}: job {job}")
        uses = workflow.placeholders
        return Painting(
            png=found.png,
            width=found.width,
            height=found.height,
            model=models_of(nodes) or workflow.name,
            licence=self._licence,
            seed=request.seed if "seed" in uses else None,
            settings={
                "workflow": workflow.name,
                "workflow_sha256": workflow.digest,
                "from_picture": "start_image" in uses,
                **({"strength": request.strength} if "strength" in uses else {}),
            },
            seconds=watch.seconds,
        )

    def _values(self, request: PictureRequest, workflow: Workflow) -> Json:
        values = request.model_dump(exclude={"init_image"}) | {"checkpoint": self._checkpoint}
        if "start_image" in workflow.placeholders:
            if request.init_image is None:
                raise PermanentError(f"{NAME}: the workflow {workflow.name} starts from a picture, and there is none")
            values["start_image"] = self._uploaded(request.init_image)
        return values

    def _uploaded(self, png: bytes) -> str:
        """The name under which the server knows the picture; the same picture is the same file."""
        file = (f"engine-{sha256(png)[:16]}.png", png, "image/png")
        found = self._service.ask("POST", "/upload/image", files={"image": file}, data={"overwrite": "true"})
        return "/".join(part for part in (found.get("subfolder"), found.get("name")) if part)

    @contextmanager
    def _listening(self, client: str, watch: Stopwatch) -> Iterator[ClientConnection]:
        """Open before the job is submitted, so that no message is missed."""
        url = f"ws{self._url.removeprefix('http')}/ws?clientId={client}"
        try:
            socket = connect(url, open_timeout=min(CONNECT_S, watch.left), max_size=MAX_MESSAGE, proxy=None)
        except (OSError, WebSocketException) as error:
            said = quoted(str(error), self._service.secrets)
            told = f"{NAME} at {self._shown} can't be reached: {said}: is it running?"
            raise TransientError(told, error_class="connection") from error
        with socket:
            yield socket

    def _submitted(self, nodes: Json, client: str) -> str:
        """The id of the job."""
        answer = self._service.send("POST", "/prompt", json={"prompt": nodes, "client_id": client})
        if answer.status_code == 400:
            raise PermanentError(f"{NAME} refuses the workflow: {_refusal(answer)}", error_class="refused")
        document = self._service.document(answer)
        job = document.get("prompt_id")
        if not isinstance(job, str):
            raise TransientError(f"{NAME} at {self._shown} took no job: is it ComfyUI?", error_class="unreadable")
        LOG.info("%s: job %s is number %s", NAME, job, document.get("number"))
        return job

    def _follow(self, socket: ClientConnection, told: _Told, watch: Stopwatch) -> None:
        """Until the server says that the job has ended, or says no more."""
        while not told.ended:
            try:
                message = socket.recv(timeout=max(watch.left, 0.0))
            except TimeoutError:
                raise self._late(told) from None
            except ConnectionClosed:
                LOG.warning("%s closed the websocket of job %s: its history is asked instead", NAME, told.job)
                return
            if isinstance(message, str):
                told.hear(_event(message))

    def _outputs(self, told: _Told, watch: Stopwatch) -> Json:
        """What the nodes gave, when the history has the job.

        Raises:
            PermanentError: a node failed.
            TransientError: the device has too little memory, somebody interrupted the job, or it took too long.
        """
        while True:
            entry = self._service.ask("GET", f"/history/{told.job}").get(told.job)
            if entry:
                for kind, data in entry.get("status", {}).get("messages", ()):
                    told.hear({"type": kind, "data": data})
                return dict(entry.get("outputs", {}))
            if watch.left <= 0:
                raise self._late(told)
            time.sleep(POLL_S)

    def _fetched(self, job: str, outputs: Json) -> bytes:
        """The first picture among the outputs."""
        for output in outputs.values():
            for image in output.get("images", ()):
                where = {name: image[name] for name in ("filename", "subfolder", "type") if name in image}
                answer = self._service.send("GET", "/view", params=where)
                self._service.judge(answer)
                return answer.content
        raise PermanentError(f"{NAME}: job {job} gave no picture: the workflow needs a SaveImage or PreviewImage node")

    def _late(self, told: _Told) -> TransientError:
        text = f"{NAME} made no picture in {self._limit:g} s (ENGINE_PAINTER_SECONDS): {self._standing(told)}"
        return TransientError(text, error_class="timeout")

    def _standing(self, told: _Told) -> str:
        if told.node:
            return f"it is at {told.node}"
        waiting = [item[1] for item in sorted(self._service.ask("GET", "/queue").get("queue_pending", ()))]
        return f"{waiting.index(told.job)} wait before it" if told.job in waiting else "it has just begun"

    def _take_back(self, job: str) -> None:
        """Out of the queue, or off the device. That it fails is said, and is not why there is no picture."""
        try:
            queue = self._service.ask("GET", "/queue")
            running = any(item[1] == job for item in queue.get("queue_running", ()))
            if running:
                answer = self._service.send("POST", "/interrupt", json={"prompt_id": job})
            else:
                answer = self._service.send("POST", "/queue", json={"delete": [job]})
            self._service.judge(answer)
        except (TransientError, PermanentError) as error:
            LOG.warning("%s: job %s can't be taken back: %s", NAME, job, error)

    @property
    def _shown(self) -> httpx.URL:
        return httpx.URL(self._url).copy_with(userinfo=b"")


class _Told:
    """What the messages say of one job; those of others are passed over."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.node = ""
        self.ended = False

    def hear(self, message: Json) -> None:
        """One message; raises what it says went wrong."""
        data = message.get("data") or {}
        if data.get("prompt_id") != self.job:
            return
        match message.get("type"):
            case "executing":
                self.ended = data.get("node") is None
                self.node = f"node {data.get('node')}"
            case "progress":
                self.node = f"node {data.get('node')}, step {data.get('value')} of {data.get('max')}"
                LOG.debug("%s: job %s: %s", NAME, self.job, self.node)
            case "execution_success":
                self.ended = True
            case "execution_interrupted":
                told = f"{NAME}: somebody interrupted job {self.job} at {_node(data)}"
                raise TransientError(told, error_class="server")
            case "execution_error":
                raise _failed(data)


def check(settings: Settings) -> str:
    """Whether it could paint now, by asking the server what it is and whether it has the checkpoint.

    Returns:
        What it would paint with.

    Raises:
        PermanentError, TransientError: why it could not.
    """
    service = Service(NAME, settings.comfyui_url, CONNECT_S)
    stats = service.ask("GET", "/system_stats")
    devices = ", ".join(str(device.get("name")) for device in stats.get("devices", ()))
    version = stats.get("system", {}).get("comfyui_version", "unknown")
    workflow = read(settings.comfyui_workflow or FROM_PROMPT)
    checkpoint = settings.checkpoint or CHECKPOINT
    if "checkpoint" in workflow.placeholders:
        there = service.send("GET", "/models/checkpoints")
        service.judge(there)
        if json.dumps(checkpoint) not in there.text:
            raise PermanentError(f"{NAME} has no checkpoint {checkpoint!r}: put it there, or set ENGINE_CHECKPOINT")
    return f"version {version} on {devices or 'no device'}, workflow {workflow.name}"


def _event(message: str) -> Json:
    try:
        event = json.loads(message)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise TransientError(f"{NAME} sent a message that is none: {quoted(message, ())}", error_class="unreadable")
    return event


def _refusal(answer: httpx.Response) -> str:
    """What the server says is wrong with a workflow, node by node."""
    try:
        document = answer.json()
    except ValueError:
        return quoted(answer.text, ())
    faults = [
        f"node {name} ({node.get('class_type')}): {fault.get('message')}: {fault.get('details')}"
        for name, node in (document.get("node_errors") or {}).items()
        for fault in node.get("errors", ())
    ]
    error = document.get("error")
    general = error.get("message") if isinstance(error, Mapping) else error
    return quoted("; ".join(faults) or str(general), ())


def _node(data: Mapping[str, Any]) -> str:
    return f"node {data.get('node_id')} ({data.get('node_type')})"


def _failed(data: Mapping[str, Any]) -> TransientError | PermanentError:
    """What the failure of a node means: too little memory passes, the rest needs a person."""
    kind, said = str(data.get("exception_type")), quoted(str(data.get("exception_message")), ())
    told = f"{NAME}: {_node(data)} failed: {kind}: {said}"
    if "OutOfMemory" in kind or "out of memory" in said.casefold():
        return TransientError(f"{told}: the device is full", error_class="server")
    return PermanentError(told)
