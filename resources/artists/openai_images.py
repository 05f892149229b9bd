"""Pictures of OpenAI's GPT Image models, by the official SDK, on a transparent background.

Only the prompt, and the picture to start from, are sent. The models take no seed, no negative prompt and no strength.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from pipeline.models import Painting, PictureRequest
from resources.artists.asking import CONNECT_S, Stopwatch, failure, patiently, picture
from resources.artists.budget import Budget
from resources.artists.prices import price
from resources.errors import PermanentError, RefusedError, TransientError
from resources.fetching.masking import quoted
from resources.settings import Settings

if TYPE_CHECKING:
    import openai
    from openai import OpenAI
    from openai.types import ImagesResponse

NAME = "openai"
KEY = "OPENAI_API_KEY"
MODEL = "ENGINE_OPENAI_MODEL"
SIZES: Final = ("1024x1024", "1024x1536", "1536x1024")
"""Those that all models of the family draw, and that have a price."""
MODERATED = frozenset({"moderation_blocked", "content_policy_violation"})
"""Codes of a refusal of what was asked for."""
UNPAID = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Codes of an account that can't pay; the first comes as a 429."""
LICENCE = "OpenAI Terms of Use"


class OpenAIImages:
    """A `Painter`.

    Raises:
        PermanentError: the key is not set, the extra is not installed, or the model has no known price.
    """

    name = NAME

    def __init__(self, settings: Settings, budget: Budget) -> None:
        self._client = client(settings)
        self._budget = budget
        self._model = settings.openai_model
        self._quality = settings.openai_quality
        self._limit = settings.painter_seconds
        self._price = price(NAME, self._model, MODEL)
        self._secrets = (settings.openai_api_key.get_secret_value(),) if settings.openai_api_key else ()

    def paint(self, request: PictureRequest) -> Painting:
        """The picture; raises as `Painter`."""
        size = nearest_size(request.width, request.height)
        cost = self._price.pictures[f"{self._quality} {size}"]
        if tokens := self._price.tokens:
            cost += tokens.text * len(request.prompt)
            cost += tokens.image * self._price.start_tokens if request.init_image else 0
        return patiently(lambda: self._budget.buy(NAME, cost, lambda: self._painting(request, size)), limit=self._limit)

    def _painting(self, request: PictureRequest, size: str) -> Painting:
        watch = Stopwatch(self._limit)
        answer = self._asked(request, size)
        where = f"{NAME}: {self._model}"
        # What is no JSON comes from the SDK as it is.
        data = answer.data if hasattr(answer, "data") else None
        encoded = data[0].b64_json if data else None
        if not encoded:
            raise TransientError(f"{where} answered without a picture", error_class="unreadable")
        found = picture(encoded, where)
        return Painting(
            png=found.png,
            width=found.width,
            height=found.height,
            model=self._model,
            licence=LICENCE,
            seed=None,
            settings={"quality": self._quality, "size": size, "from_picture": request.init_image is not None},
            seconds=watch.seconds,
            cost_micros=self._cost(answer, size),
        )

    def _asked(self, request: PictureRequest, size: str) -> ImagesResponse:
        import openai  # noqa: PLC0415 - an extra

        where = f"{NAME}: {self._model} at {self._client.base_url}"
        images = self._client.images
        try:
            if request.init_image is None:
                return images.generate(
                    prompt=request.prompt,
                    model=self._model,
                    size=size,
                    quality=self._quality,
                    background="transparent",
                    output_format="png",
                )
            return images.edit(
                prompt=request.prompt,
                image=("start.png", request.init_image, "image/png"),
                model=self._model,
                size=size,
                quality=self._quality,
                background="transparent",
                output_format="png",
            )
        except openai.APITimeoutError as error:
            raise TransientError(f"{where} did not answer in {self._limit:g} s", error_class="timeout") from error
        except openai.APIConnectionError as error:
            raise self._unconnected(where, error) from error
        except openai.APIStatusError as error:
            raise self._refused(where, error) from error
        except (openai.OpenAIError, ValueError) as error:  # the SDK lets JSON that breaks off through
            told = f"{where} can't be read: {quoted(str(error), self._secrets)}"
            raise TransientError(told, error_class="unreadable") from error

    def _refused(self, where: str, error: openai.APIStatusError) -> TransientError | PermanentError:
        said = quoted(error.message, self._secrets)
        if error.code in MODERATED:
            return RefusedError(f"{where} refuses the prompt ({error.code}): {said}")
        if error.code in UNPAID:
            told = f"{where}: the account can't pay ({error.code}): add credit, or raise its limit. It said: {said}"
            return PermanentError(told, error_class="refused")
        answered = f"{where} answered {error.status_code}"
        return failure(answered, error.status_code, said, error.response.headers.get("retry-after"), KEY)

    def _unconnected(self, where: str, error: openai.APIConnectionError) -> TransientError:
        import httpx2  # noqa: PLC0415 - comes with the SDK

        reached = not isinstance(error.__cause__, httpx2.ConnectError)
        told = f"{where} got no answer: {quoted(str(error.__cause__ or error), self._secrets)}"
        return TransientError(told, error_class="unreadable" if reached else "connection")

    def _cost(self, answer: ImagesResponse, size: str) -> int:
        """What the tokens cost that the answer counts; without a count, what the price list says of the picture."""
        rates, usage = self._price.tokens, answer.usage
        if rates is None or usage is None:
            return self._price.pictures[f"{self._quality} {size}"]
        read = usage.input_tokens_details
        return rates.text * read.text_tokens + rates.image * read.image_tokens + rates.output * usage.output_tokens


def client(settings: Settings) -> OpenAI:
    """The SDK's client; raises as `OpenAIImages`."""
    if settings.openai_api_key is None:
        raise PermanentError(
            f"{KEY} is not set: make a key at platform.openai.com, or take {NAME} out of ENGINE_ARTISTS"
        )
    try:
        import openai  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise PermanentError(f"{NAME} needs the extra `openai`: pip install '.[openai]'") from error
    return openai.OpenAI(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_url,
        timeout=openai.Timeout(settings.painter_seconds, connect=CONNECT_S),
        max_retries=0,
    )


def nearest_size(width: int, height: int) -> str:
    """The size whose form is nearest to that of the picture asked for."""

    def distance(size: str) -> float:
        across, down = map(int, size.split("x"))
        return abs(math.log(width / height) - math.log(across / down))

    return min(SIZES, key=distance)


def check(settings: Settings) -> str:
    """Whether it could paint now, by a question that costs nothing.

    Returns:
        What it would paint with.

    Raises:
        PermanentError, TransientError: why it could not.
    """
    asked = client(settings).with_options(timeout=CONNECT_S)
    import openai  # noqa: PLC0415 - an extra, which is there by now

    secrets = (asked.api_key,)
    try:
        asked.models.retrieve(settings.openai_model)
    except openai.APIStatusError as error:
        said = quoted(error.message, secrets)
        raise failure(f"{NAME} answered {error.status_code}", error.status_code, said, None, KEY) from error
    except openai.OpenAIError as error:
        raise TransientError(f"{NAME} at {asked.base_url} can't be asked: {quoted(str(error), secrets)}") from error
    found = price(NAME, settings.openai_model, MODEL)
    return f"{settings.openai_model}, {settings.openai_quality}; prices of {found.date} ({found.trust})"
