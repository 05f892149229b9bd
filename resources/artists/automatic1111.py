"""Pictures of Automatic1111's web UI (and of those that speak its API, such as Forge), started with `--api`.

The API is the one that such a server describes at /docs: /sdapi/v1/txt2img, img2img, options, progress, interrupt.
"""

from __future__ import annotations

import base64
import json
import logging
import time

from pipeline.models import Json, Painting, PictureRequest
from resources.artists.asking import CONNECT_S, Service, Stopwatch, picture
from resources.artists.budget import Budget
from resources.errors import PermanentError, TransientError
from resources.settings import Settings

LOG = logging.getLogger(__name__)
NAME = "automatic1111"
AUTH = "AUTOMATIC1111_AUTH"
STEPS, CFG, SAMPLER = 30, 7.0, "DPM++ 2M"
SEEDS = 2**32
POLL_S = 0.5


class Automatic1111:
    """A `Painter`. The server does one thing at a time: it is asked when it is idle, and interrupted when it is late.

    Raises:
        PermanentError: AUTOMATIC1111_AUTH is no `user:password`.
    """

    name = NAME

    def __init__(self, settings: Settings, budget: Budget) -> None:
        del budget  # one's own server costs nothing a picture
        self._service = service(settings, settings.painter_seconds)
        self._limit = settings.painter_seconds
        self._checkpoint = settings.checkpoint
        self._licence = settings.checkpoint_licence

    def paint(self, request: PictureRequest) -> Painting:
        """The picture; raises as `Painter`."""
        watch = Stopwatch(self._limit)
        self._await_idle(watch)
        document = self._asked(request, watch)
        where = f"{NAME}: the answer"
        images = document.get("images") or [""]
        found = picture(str(images[0]).rpartition(",")[2], where)
        info = _info(document)
        return Painting(
            png=found.png,
            width=found.width,
            height=found.height,
            model=str(info.get("sd_model_name") or self._checkpoint or self._loaded()),
            licence=self._licence,
            seed=int(info.get("seed", request.seed % SEEDS)),
            settings={
                "steps": STEPS,
                "cfg": CFG,
                "sampler": SAMPLER,
                "from_picture": request.init_image is not None,
                **({"strength": request.strength} if request.init_image else {}),
                **{name: info[name] for name in ("sd_model_hash", "version") if name in info},
            },
            seconds=watch.seconds,
        )

    def _await_idle(self, watch: Stopwatch) -> None:
        """Until nobody else's picture is in the works.

        Raises:
            TransientError: it is busy for as long as a picture may take.
        """
        while True:
            progress = self._service.ask("GET", "/sdapi/v1/progress", params={"skip_current_image": "true"})
            if not progress.get("state", {}).get("job_count"):
                return
            if watch.left <= POLL_S:
                done = float(progress.get("progress", 0))
                told = f"{NAME} was busy with another picture for {self._limit:g} s, {done:.0%} of it done"
                raise TransientError(told, error_class="timeout")
            time.sleep(POLL_S)

    def _asked(self, request: PictureRequest, watch: Stopwatch) -> Json:
        body: Json = {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "seed": request.seed % SEEDS,
            "width": request.width,
            "height": request.height,
            "steps": STEPS,
            "cfg_scale": CFG,
            "sampler_name": SAMPLER,
            "batch_size": 1,
            "n_iter": 1,
            "save_images": False,
        }
        if self._checkpoint:
            body["override_settings"] = {"sd_model_checkpoint": self._checkpoint}
        path = "/sdapi/v1/txt2img"
        if request.init_image is not None:
            path = "/sdapi/v1/img2img"
            body |= {
                "init_images": [base64.b64encode(request.init_image).decode()],
                "denoising_strength": request.strength,
            }
        try:
            return self._service.ask("POST", path, json=body, timeout=max(watch.left, CONNECT_S))
        except TransientError as error:
            if error.error_class == "timeout":
                self._interrupt()
            raise
        except PermanentError as error:
            raise _with_mend(error) from error

    def _interrupt(self) -> None:
        """Stop what is late. That it fails is said, and is not why there is no picture."""
        try:
            self._service.judge(self._service.send("POST", "/sdapi/v1/interrupt", timeout=CONNECT_S))
        except (TransientError, PermanentError) as error:
            LOG.warning("%s can't be interrupted: %s", NAME, error)

    def _loaded(self) -> str:
        return str(self._service.ask("GET", "/sdapi/v1/options").get("sd_model_checkpoint"))


def service(settings: Settings, limit: float) -> Service:
    """The server, with user and password if they are set; raises as `Automatic1111`."""
    auth = None
    if settings.automatic1111_auth:
        user, colon, password = settings.automatic1111_auth.get_secret_value().partition(":")
        if not colon:
            raise PermanentError(f"{AUTH}=*** is no user:password")
        auth = (user, password)
    return Service(NAME, settings.automatic1111_url, limit, credentials=AUTH, auth=auth)


def check(settings: Settings) -> str:
    """Whether it could paint now, by asking for its options.

    Returns:
        What it would paint with.

    Raises:
        PermanentError, TransientError: why it could not.
    """
    try:
        options = service(settings, CONNECT_S).ask("GET", "/sdapi/v1/options")
    except PermanentError as error:
        raise _with_mend(error) from error
    return f"checkpoint {settings.checkpoint or options.get('sd_model_checkpoint')}"


def _info(document: Json) -> Json:
    """What the server says of the picture, which comes as JSON within JSON."""
    try:
        info = json.loads(document.get("info") or "{}")
    except ValueError:
        return {}
    return info if isinstance(info, dict) else {}


def _with_mend(error: PermanentError) -> PermanentError:
    if error.error_class != "not_found":
        return error
    told = f"{error}: start it with --api, and see that it has the sampler and checkpoint"
    return PermanentError(told, error_class="not_found")
