"""A ComfyUI on loopback, as its documentation describes it. It paints nothing: every picture is the same.

Its routes, its websocket messages, its queue and history, and what its nodes want of their inputs.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

from tests.apps import served
from tests.forms import form
from tests.pictures import png

CHECKPOINTS = ["sd_xl_base_1.0.safetensors", "vector.safetensors"]

Inputs = dict[str, Any]
NODES: dict[str, tuple[Inputs, tuple[str, ...]]] = {
    "CheckpointLoaderSimple": ({"ckpt_name": CHECKPOINTS}, ("MODEL", "CLIP", "VAE")),
    "CLIPTextEncode": ({"text": str, "clip": "CLIP"}, ("CONDITIONING",)),
    "EmptyLatentImage": ({"width": int, "height": int, "batch_size": int}, ("LATENT",)),
    "LoadImage": ({"image": str}, ("IMAGE", "MASK")),
    "ImageScale": (
        {"image": "IMAGE", "upscale_method": ["lanczos"], "width": int, "height": int, "crop": ["center", "disabled"]},
        ("IMAGE",),
    ),
    "VAEEncode": ({"pixels": "IMAGE", "vae": "VAE"}, ("LATENT",)),
    "KSampler": (
        {
            "model": "MODEL",
            "positive": "CONDITIONING",
            "negative": "CONDITIONING",
            "latent_image": "LATENT",
            "seed": int,
            "steps": int,
            "cfg": float,
            "sampler_name": ["euler", "dpmpp_2m"],
            "scheduler": ["normal", "karras"],
            "denoise": float,
        },
        ("LATENT",),
    ),
    "VAEDecode": ({"samples": "LATENT", "vae": "VAE"}, ("IMAGE",)),
    "PreviewImage": ({"images": "IMAGE"}, ()),
    "SaveImage": ({"images": "IMAGE", "filename_prefix": str}, ()),
}
"""Class → its required inputs (a type, the type of a link, or the values allowed) and its outputs."""
OUTPUTS = ("PreviewImage", "SaveImage")


@dataclass
class Job:
    """A workflow in the queue."""

    number: int
    id: str
    nodes: dict[str, Any]
    client: str


@dataclass
class Comfy:
    """The server's state, and what it is told to do."""

    url: str = ""
    pending: list[Job] = field(default_factory=list)
    running: Job | None = None
    history: dict[str, Any] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    done: list[Job] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    interrupted: list[str] = field(default_factory=list)
    sockets: dict[str, WebSocket] = field(default_factory=dict)
    loop: asyncio.AbstractEventLoop | None = None
    go: threading.Event = field(default_factory=threading.Event)
    """Cleared: the sampler does not come to an end."""
    failure: tuple[str, str] | None = None
    """Type and message of the exception that the sampler raises."""
    drops: bool = False
    """Whether it closes the websocket when a job begins."""
    stops: threading.Event = field(default_factory=threading.Event)

    def wait_for(self, seen: str, seconds: float = 10) -> None:
        """Until it holds something under this name."""
        deadline = time.monotonic() + seconds
        while not getattr(self, seen):
            assert time.monotonic() < deadline, f"nothing in {seen}"
            time.sleep(0.005)

    def rest(self, seconds: float = 10) -> None:
        """Until nothing is left to do."""
        deadline = time.monotonic() + seconds
        while self.pending or self.running:
            assert time.monotonic() < deadline, "the queue does not end"
            time.sleep(0.005)

    def send(self, client: str, kind: str, **data: Any) -> None:
        """A message to one client, if it is still there."""
        socket = self.sockets.get(client)
        if socket and self.loop:
            sending = socket.send_json({"type": kind, "data": data})
            try:
                asyncio.run_coroutine_threadsafe(sending, self.loop).result(5)
            except (WebSocketDisconnect, RuntimeError):
                self.sockets.pop(client, None)

    def work(self) -> None:
        """One job after the other, until it is stopped."""
        while not self.stops.wait(0.005):
            if self.pending:
                self.running = self.pending[0]
                self.pending.remove(self.running)
                self._execute(self.running)
                self.running = None

    def _execute(self, job: Job) -> None:
        messages: list[tuple[str, dict[str, Any]]] = []

        def tell(kind: str, **data: Any) -> None:
            data["prompt_id"] = job.id
            if kind.startswith("execution_"):
                messages.append((kind, data))
            self.send(job.client, kind, **data)

        tell("execution_start")
        if self.drops and self.loop:
            asyncio.run_coroutine_threadsafe(self.sockets.pop(job.client).close(), self.loop).result(5)
        tell("execution_cached", nodes=[])
        outputs: dict[str, Any] = {}
        status = "success"
        for name, node in job.nodes.items():
            kind = node["class_type"]
            tell("executing", node=name, display_node=name)
            if kind == "KSampler":
                tell("progress", node=name, value=12, max=30)
                while not self.go.wait(0.005) and job.id not in self.interrupted and not self.stops.is_set():
                    pass
                if job.id in self.interrupted:
                    status = "error"
                    tell("execution_interrupted", node_id=name, node_type=kind, executed=[])
                    break
                if self.failure:
                    status = "error"
                    raised, message = self.failure
                    tell(
                        "execution_error",
                        node_id=name,
                        node_type=kind,
                        exception_type=raised,
                        exception_message=message,
                        traceback=[],
                    )
                    break
            if kind in OUTPUTS:
                file = f"{job.id}.png"
                self.files[file] = png(128, 96)
                place = {"filename": file, "subfolder": "", "type": "temp" if kind == "PreviewImage" else "output"}
                outputs[name] = {"images": [place]}
                tell("executed", node=name, output=outputs[name])
        else:
            tell("execution_success")
        self.history[job.id] = {
            "prompt": [job.number, job.id, job.nodes, {}, []],
            "outputs": outputs,
            "status": {"status_str": status, "completed": status == "success", "messages": messages},
        }
        self.done.append(job)
        self.send(job.client, "executing", node=None, prompt_id=job.id)


@contextmanager
def comfy() -> Iterator[Comfy]:
    """A running server."""
    state = Comfy()
    state.go.set()
    worker = threading.Thread(target=state.work, daemon=True)
    worker.start()
    with served(_app(state)) as url:
        state.url = url
        yield state
    state.stops.set()
    worker.join(5)


def _app(state: Comfy) -> FastAPI:
    app = FastAPI()
    _serve_jobs(app, state)
    _serve_queue(app, state)
    _serve_files(app, state)

    @app.get("/system_stats")
    def system_stats() -> dict[str, Any]:
        return {"system": {"comfyui_version": "0.3.9"}, "devices": [{"name": "cuda:0 A GPU", "type": "cuda"}]}

    return app


def _serve_jobs(app: FastAPI, state: Comfy) -> None:
    @app.websocket("/ws")
    async def ws(socket: WebSocket, clientId: str) -> None:  # noqa: N803 - its name
        await socket.accept()
        state.loop = asyncio.get_running_loop()
        state.sockets[clientId] = socket
        info = {"exec_info": {"queue_remaining": len(state.pending)}}
        await socket.send_json({"type": "status", "data": {"status": info, "sid": clientId}})
        await socket.send_bytes(b"\x00\x00\x00\x01\x00\x00\x00\x02preview")
        try:
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            state.sockets.pop(clientId, None)

    @app.post("/prompt")
    async def post_prompt(request: Request) -> Response:
        document = await request.json()
        errors = _faults(document["prompt"], state)
        if errors:
            error = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"}
            return JSONResponse({"error": error, "node_errors": errors}, 400)
        number = len(state.done) + len(state.pending)
        job = Job(number, str(uuid4()), document["prompt"], document["client_id"])
        state.pending.append(job)
        return JSONResponse({"prompt_id": job.id, "number": number, "node_errors": {}})

    @app.get("/history/{job}")
    def history(job: str) -> dict[str, Any]:
        return {job: state.history[job]} if job in state.history else {}


def _serve_queue(app: FastAPI, state: Comfy) -> None:
    @app.get("/queue")
    def get_queue() -> dict[str, Any]:
        def item(job: Job) -> list[Any]:
            return [job.number, job.id, job.nodes, {}, []]

        running = state.running
        return {
            "queue_running": [item(running)] if running else [],
            "queue_pending": [item(job) for job in state.pending],
        }

    @app.post("/queue")
    async def post_queue(request: Request) -> Response:
        for job in (await request.json()).get("delete", ()):
            state.deleted.append(job)
            state.pending[:] = [each for each in state.pending if each.id != job]
        return Response()

    @app.post("/interrupt")
    async def interrupt(request: Request) -> Response:
        state.interrupted.append((await request.json())["prompt_id"])
        return Response()


def _serve_files(app: FastAPI, state: Comfy) -> None:
    @app.get("/view")
    def view(filename: str, subfolder: str = "", type: str = "output") -> Response:
        if filename not in state.files:
            return Response(status_code=404)
        return Response(state.files[filename], media_type="image/png")

    @app.post("/upload/image")
    async def upload(request: Request) -> dict[str, str]:
        fields = form(request.headers["content-type"], await request.body())
        assert fields["overwrite"].value == b"true"
        name = str(fields["image"].filename)
        state.uploads[name] = fields["image"].value
        return {"name": name, "subfolder": "", "type": "input"}

    @app.get("/models/checkpoints")
    def checkpoints() -> list[str]:
        return CHECKPOINTS


def _faults(nodes: dict[str, Any], state: Comfy) -> dict[str, Any]:
    """What is wrong with each node, in the server's words."""
    found: dict[str, Any] = {}
    for name, node in nodes.items():
        kind = node["class_type"]
        if kind not in NODES:
            errors = [
                {"type": "invalid_prompt", "message": "Cannot execute because node does not exist", "details": kind}
            ]
        else:
            errors = [
                {"type": type_, "message": message, "details": f"{given}: {details}", "extra_info": {}}
                for given, wanted in NODES[kind][0].items()
                if (fault := _fault(node["inputs"], given, wanted, nodes, state))
                for type_, message, details in [fault]
            ]
        if errors:
            found[name] = {"errors": errors, "dependent_outputs": [], "class_type": kind}
    if not any(node["class_type"] in OUTPUTS for node in nodes.values()):
        found["-"] = {"errors": [{"message": "Prompt has no outputs", "details": ""}], "class_type": "-"}
    return found


def _fault(inputs: Inputs, name: str, wanted: Any, nodes: dict[str, Any], state: Comfy) -> tuple[str, str, str] | None:
    if name not in inputs:
        return "required_input_missing", "Required input is missing", name
    value = inputs[name]
    if isinstance(value, list):
        given = NODES[nodes[value[0]]["class_type"]][1][value[1]]
        return None if given == wanted else ("return_type_mismatch", "Return type mismatch", f"{given} != {wanted}")
    if isinstance(wanted, list):
        return None if value in wanted else ("value_not_in_list", "Value not in list", f"{value!r} not in {wanted}")
    if isinstance(wanted, str) or not isinstance(value, float | int if wanted is float else wanted):
        return "invalid_input_type", f"Failed to convert an input value to a {wanted} value", repr(value)
    if name == "image" and value not in state.uploads:
        return "custom_validation_failed", "Custom validation failed for node", f"Invalid image file: {value}"
    return None
