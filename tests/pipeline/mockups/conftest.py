"""Print files, garments and scenes that the tests of the mock-ups share."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.mockups import PRODUCTS, Product, mock
from pipeline.mockups.scene import Scene
from pipeline.models import GarmentColor, MockupImage, Variant
from resources.settings import ROOT
from resources.studio import Studio

Rect = tuple[int, int, int, int]
Draw = Callable[..., bytes]
Shoot = Callable[..., Iterator[MockupImage]]


def print_file(*inked: tuple[Rect, tuple[int, ...]], size: tuple[int, int] = (1500, 1800)) -> bytes:
    """A transparent canvas with filled rectangles: ((left, top, right, bottom), RGB or RGBA)."""
    canvas = Image.new("RGBA", size, (255, 0, 255, 0))
    for rect, colour in inked:
        canvas.paste((*colour, 255)[:4], rect)
    out = io.BytesIO()
    canvas.save(out, "PNG", compress_level=1)
    return out.getvalue()


def pixels(mockup: MockupImage) -> NDArray[np.float64]:
    """The picture as RGB, float64 (h, w, 3)."""
    decoded = cv2.imdecode(np.frombuffer(mockup.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded[..., ::-1], np.float64)


@cache
def scene_of(name: str, view: Variant, drape: int) -> Scene:
    """A scene, drawn once for all tests of this checkout."""
    return Studio(ROOT / ".pytest_cache" / "scenes", {}).scene(PRODUCTS[name], view, drape)


def scenes(product: Product, view: Variant, drape: int) -> Scene:
    """The scenes of the tests: drawn, and kept in memory."""
    return scene_of(product.name, view, drape)


def shoot(png: bytes, garments: Sequence[GarmentColor], product: str = "tee", seed: int = 0) -> Iterator[MockupImage]:
    """The pictures of a design on a product."""
    return mock(png, PRODUCTS[product], garments, scenes, seed)


@pytest.fixture(scope="session")
def draw() -> Draw:
    return print_file


@pytest.fixture(scope="session")
def look() -> Callable[[MockupImage], NDArray[np.float64]]:
    return pixels


@pytest.fixture(scope="session")
def studio() -> Callable[[Product, Variant, int], Scene]:
    return scenes


@pytest.fixture(scope="session")
def photograph() -> Shoot:
    return shoot


@pytest.fixture(scope="session")
def garments() -> Sequence[GarmentColor]:
    shades = {"White": "#FFFFFF", "Black": "#0B0B0C", "Heather": "#B4B7BC", "Royal": "#1F4FA8", "Daisy": "#F5C945"}
    return [GarmentColor(name=name, hex=shade) for name, shade in shades.items()]
