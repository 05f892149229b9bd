"""An Automatic1111 on loopback, as it describes itself at /docs. It paints nothing: every picture is the same."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from pydantic import BaseModel, ConfigDict, Field

from tests.apps import served
from tests.pictures import encoded, png

SAMPLERS = ("Euler a", "DPM++ 2M")
CHECKPOINTS = {"vector": "vector.safetensors [31e35c80fc]", "sdxl": "sd_xl_base_1.0.safetensors [31e35c80fd]"}
Login = Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))]


class FromPrompt(BaseModel):
    """The body of txt2img, as far as it is used; a name that the server does not know is a mistake."""

    model_config = ConfigDict(extra="forbid")

    prompt: str
    negative_prompt: str
    seed: int = Field(ge=-1, lt=2**32)
    width: int = Field(multiple_of=8)
    height: int = Field(multiple_of=8)
    steps: int
    cfg_scale: float
    sampler_name: str
    batch_size: int
    n_iter: int
    save_images: bool
    override_settings: dict[str, Any] = {}


class FromPicture(FromPrompt):
    """The body of img2img."""

    init_images: list[str] = Field(min_length=1)
    denoising_strength: float = Field(ge=0, le=1)


@dataclass
class WebUI:
    """The server's state, and what it is told to do."""

    login: str = ""
    """`user:password`, if it wants one."""
    url: str = ""
    asked: list[tuple[str, FromPrompt]] = field(default_factory=list)
    busy: int = 0
    """How many more times it says that it works on another picture."""
    go: threading.Event = field(default_factory=threading.Event)
    """Cleared: a picture does not come to an end."""
    failure: dict[str, str] | None = None
    """What it says of its own failure."""
    interrupts: int = 0


@contextmanager
def webui(login: str = "") -> Iterator[WebUI]:
    """A running server."""
    state = WebUI(login)
    state.go.set()
    with served(_app(state)) as url:
        state.url = url
        yield state
        state.go.set()


def _app(state: WebUI) -> FastAPI:
    def allowed(given: Login) -> None:
        told = f"{given.username}:{given.password}" if given else ""
        if state.login and not secrets.compare_digest(told, state.login):
            raise HTTPException(401, "Incorrect username or password", {"WWW-Authenticate": "Basic"})

    app = FastAPI(dependencies=[Depends(allowed)])

    def painted(path: str, body: FromPrompt) -> Response:
        wanted = body.override_settings.get("sd_model_checkpoint", "sdxl")
        if body.sampler_name not in SAMPLERS:
            raise HTTPException(404, "Sampler not found")
        if wanted not in CHECKPOINTS:
            raise HTTPException(404, "Model not found")
        state.asked.append((path, body))
        state.go.wait(20)
        if state.failure:
            return JSONResponse(state.failure, 500)
        info = {"seed": body.seed, "sd_model_name": wanted, "sd_model_hash": "31e35c80fc", "version": "v1.10.1"}
        answer = {"images": [encoded(png(128, 96))], "parameters": {}, "info": json.dumps(info)}
        return JSONResponse(answer)

    @app.post("/sdapi/v1/txt2img")
    def txt2img(body: FromPrompt) -> Response:
        return painted("txt2img", body)

    @app.post("/sdapi/v1/img2img")
    def img2img(body: FromPicture) -> Response:
        for image in body.init_images:
            base64.b64decode(image, validate=True)
        return painted("img2img", body)

    _serve_state(app, state)
    return app


def _serve_state(app: FastAPI, state: WebUI) -> None:
    @app.get("/sdapi/v1/progress")
    def progress(skip_current_image: bool = False) -> dict[str, Any]:
        assert skip_current_image
        busy = state.busy > 0
        state.busy -= busy
        job = {"job_count": int(busy), "job": "scripts_txt2img" if busy else ""}
        return {"progress": 0.4 * busy, "eta_relative": 3.0, "state": job, "current_image": None, "textinfo": None}

    @app.post("/sdapi/v1/interrupt")
    def interrupt() -> dict[str, Any]:
        state.interrupts += 1
        state.go.set()
        return {}

    @app.get("/sdapi/v1/options")
    def options() -> dict[str, Any]:
        return {"sd_model_checkpoint": CHECKPOINTS["sdxl"], "samples_format": "png"}
