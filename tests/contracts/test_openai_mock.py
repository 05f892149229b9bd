"""OpenAI's painter against the official description, played by Prism as a server that refuses what it forbids.

Install Prism with `npm ci` in `tests/mocks`, and put the description at `$ENGINE_SHARED/specs/openai.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.models import PictureRequest
from resources.artists.budget import Budget
from resources.artists.openai_images import OpenAIImages
from resources.artists.prices import prices
from resources.errors import PermanentError
from resources.settings import Settings
from resources.store import Store
from tests.pictures import encoded, png
from tests.prisms import description, prism

pytest.importorskip("openai", reason="the extra `openai` is not installed")
pytestmark = pytest.mark.slow

KEY = "sk-proj-a-secret-of-forty-characters-000000"
USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"text_tokens": 90, "image_tokens": 10},
    "output_tokens": 1000,
    "total_tokens": 1100,
}


def strict(spec: dict[str, Any]) -> dict[str, Any]:
    """The paths of images and models, what the description says in words as rules, and a picture as the answer."""
    spec["paths"] = {path: spec["paths"][path] for path in ("/images/generations", "/images/edits", "/models/{model}")}
    schemas = spec["components"]["schemas"]
    for name in ("CreateImageRequest", "CreateImageEditRequest"):
        properties = schemas[name]["properties"]
        for field in ("model", "size"):
            names = next(choice["enum"] for choice in properties[field]["anyOf"] if "enum" in choice)
            properties[field] = {"type": "string", "enum": names}
        properties["prompt"]["maxLength"] = 32000
    schemas["ImagesResponse"]["example"] = {"created": 1, "data": [{"b64_json": encoded(png())}], "usage": USAGE}
    return spec


@pytest.fixture(scope="module")
def mock(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running Prism; its URL."""
    with prism(strict(description(shared, "openai")), tmp_path_factory.mktemp("prism"), start_seconds=100) as url:
        yield url


def settings(mock: str, **changed: object) -> Settings:
    return Settings.model_validate({"OPENAI_API_KEY": KEY, "openai_url": mock, **changed})


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"size": "640x480"}, 422),
        ({"quality": "best"}, 422),
        ({"background": "none"}, 422),
        ({"model": "gpt-image-9"}, 422),
        ({"negative_prompt": "text"}, 422),
        ({"prompt": None}, 422),
    ],
)
def test_the_mock_is_strict(mock: str, changed: dict[str, str | None], status: int) -> None:
    body = {"prompt": "a fox", "model": "gpt-image-1.5", **changed}
    sent = {name: value for name, value in body.items() if value}
    with_key = {"Authorization": f"Bearer {KEY}"}
    assert httpx.post(f"{mock}/images/generations", json=sent, headers=with_key, timeout=20).status_code == status
    assert httpx.post(f"{mock}/images/generations", json=sent, timeout=20).status_code in {401, 422}


@pytest.mark.parametrize("model", [found.model for found in prices() if found.painter == "openai"])
@pytest.mark.parametrize("quality", ["low", "medium", "high"])
def test_every_model_and_quality_that_has_a_price_is_one_the_description_allows(
    mock: str, store: Store, model: str, quality: str
) -> None:
    painter = OpenAIImages(settings(mock, openai_model=model, openai_quality=quality), Budget(store, 5.0))
    for width, height in ((1024, 1024), (896, 1152), (1152, 896)):
        request = PictureRequest(prompt="a fox, flat vector", width=width, height=height, seed=1)
        painting = painter.paint(request)
        assert painting.png == png()
        assert painting.cost_micros > 0


def test_a_picture_to_start_from_is_sent_as_the_description_wants_it(mock: str, store: Store) -> None:
    request = PictureRequest(prompt="a fox", width=1024, height=1024, seed=1, init_image=png(128, 128))
    painting = OpenAIImages(settings(mock), Budget(store, 5.0)).paint(request)
    assert painting.png == png()
    assert painting.settings["from_picture"] is True


def test_what_the_mock_refuses_is_permanent(mock: str, store: Store) -> None:
    with pytest.raises(PermanentError, match="404"):
        OpenAIImages(settings(f"{mock}/elsewhere"), Budget(store, 5.0)).paint(
            PictureRequest(prompt="a fox", width=1024, height=1024, seed=1)
        )
