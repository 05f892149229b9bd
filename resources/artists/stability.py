"""Pictures of Stability AI's v2beta API: Stable Image Core and Ultra, Stable Diffusion 3.5.

Only the prompts, and the picture to start from, are sent. Every field travels as multipart, files or not.
"""

from __future__ import annotations

import math
from typing import Final

import httpx

from pipeline.models import Painting, PictureRequest
from resources.artists.asking import CONNECT_S, Service, Stopwatch, patiently, picture
from resources.artists.budget import Budget
from resources.artists.prices import price
from resources.errors import PermanentError, RefusedError
from resources.fetching.masking import quoted
from resources.settings import Settings

NAME = "stability"
KEY = "STABILITY_API_KEY"
MODEL = "ENGINE_STABILITY_MODEL"
URL = "https://api.stability.ai"
SEEDS = 4294967294
"""Seeds are 1 to this; 0 would ask for any."""
RATIOS: Final = ("21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21")
FROM_PROMPT_ALONE = frozenset({"core"})
LICENCE = "Stability AI Terms of Service"


class Stability:
    """A `Painter`.

    Args:
        settings: the key, the model, the limit.
        budget: pays.
        url: of the API.

    Raises:
        PermanentError: the key is not set, or the model has no known price.
    """

    name = NAME

    def __init__(self, settings: Settings, budget: Budget, url: str = URL) -> None:
        self._service = service(settings, settings.painter_seconds, url)
        self._budget = budget
        self._model = settings.stability_model
        self._limit = settings.painter_seconds
        self._cost = price(NAME, self._model, MODEL).pictures[""]

    def paint(self, request: PictureRequest) -> Painting:
        """The picture; raises as `Painter`."""
        return patiently(lambda: self._budget.buy(NAME, self._cost, lambda: self._painting(request)), limit=self._limit)

    def _painting(self, request: PictureRequest) -> Painting:
        watch = Stopwatch(self._limit)
        fields = self._fields(request)
        parts: dict[str, tuple[str | None, str | bytes]] = {name: (None, value) for name, value in fields.items()}
        if "strength" in fields and request.init_image:
            parts["image"] = ("start.png", request.init_image)
        path = self._model if self._model in {"core", "ultra"} else "sd3"
        answer = self._service.send("POST", f"/v2beta/stable-image/generate/{path}", files=parts)
        _unmoderated(answer)
        document = self._service.document(answer)
        where = f"{NAME}: {self._model}"
        if document.get("finish_reason") == "CONTENT_FILTERED":
            raise RefusedError(f"{where} blurred what it painted: its content filter", error_class="refused")
        found = picture(str(document.get("image", "")), where)
        return Painting(
            png=found.png,
            width=found.width,
            height=found.height,
            model=self._model,
            licence=LICENCE,
            seed=int(document.get("seed") or fields["seed"]),
            settings={name: fields[name] for name in ("aspect_ratio", "strength") if name in fields},
            seconds=watch.seconds,
            cost_micros=self._cost,
        )

    def _fields(self, request: PictureRequest) -> dict[str, str]:
        """What is asked for. A picture to start from brings its own form."""
        fields = {"prompt": request.prompt, "output_format": "png", "seed": str(1 + request.seed % SEEDS)}
        if request.negative_prompt:
            fields["negative_prompt"] = request.negative_prompt
        starts = request.init_image is not None and self._model not in FROM_PROMPT_ALONE
        if self._model.startswith("sd3"):
            fields |= {"model": self._model, "mode": "image-to-image" if starts else "text-to-image"}
        if starts:
            return fields | {"strength": f"{request.strength:g}"}
        return fields | {"aspect_ratio": nearest_ratio(request.width, request.height)}


def service(settings: Settings, limit: float, url: str) -> Service:
    """The API, with the key; raises as `Stability`."""
    if settings.stability_api_key is None:
        raise PermanentError(
            f"{KEY} is not set: make a key at platform.stability.ai, or take {NAME} out of ENGINE_ARTISTS"
        )
    key = settings.stability_api_key.get_secret_value()
    return Service(NAME, url, limit, headers={"Authorization": f"Bearer {key}"}, credentials=KEY)


def nearest_ratio(width: int, height: int) -> str:
    """The form nearest to that of the picture asked for."""

    def distance(ratio: str) -> float:
        across, down = map(int, ratio.split(":"))
        return abs(math.log(width / height) - math.log(across / down))

    return min(RATIOS, key=distance)


def check(settings: Settings, url: str = URL) -> str:
    """Whether it could paint now, by asking for the balance.

    Returns:
        What it would paint with, and what the account holds.

    Raises:
        PermanentError, TransientError: why it could not.
    """
    found = price(NAME, settings.stability_model, MODEL)
    credit = service(settings, CONNECT_S, url).ask("GET", "/v1/user/balance").get("credits")
    if not isinstance(credit, int | float) or credit * 10_000 < found.pictures[""]:
        raise PermanentError(f"{NAME}: the account holds {credit} credits: buy some")
    return f"{settings.stability_model}, {credit:g} credits left; prices of {found.date} ({found.trust})"


def _unmoderated(answer: httpx.Response) -> None:
    """Raise where moderation is what a 403 speaks of; a key that may not do this is another matter."""
    if answer.status_code != 403:
        return
    try:
        refusal = answer.json()
    except ValueError:
        return
    if isinstance(refusal, dict) and refusal.get("name") == "content_moderation":
        said = quoted(" ".join(map(str, refusal.get("errors") or ())), ())
        raise RefusedError(f"{NAME} refuses the prompt (content_moderation): {said}", error_class="refused")
