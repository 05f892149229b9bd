"""What holds for every product."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.designs.areas import AREAS
from pipeline.mockups import PRODUCTS, Product, pictures_of
from pipeline.mockups.plane import Box
from pipeline.mockups.scene import FLAT, Scene
from pipeline.models import GarmentColor, MockupImage, Variant

Draw = Callable[..., bytes]
Look = Callable[[MockupImage], NDArray[np.float64]]
Shoot = Callable[..., Iterator[MockupImage]]
Studio = Callable[..., Scene]

RED = (214, 40, 40)
QUICK = ("tee", "mug")
EVERY = [pytest.param(p, marks=() if p.name in QUICK else pytest.mark.slow, id=p.name) for p in PRODUCTS.values()]
COLOURED = [one for one, product in zip(EVERY, PRODUCTS.values(), strict=True) if product.coloured]


def canvas(product: Product) -> tuple[int, int]:
    """Pixels of a small print file of the product's area."""
    area = AREAS[product.area]
    return area.width // 3, area.height // 3


def inked(draw: Draw, product: Product, colour: tuple[int, int, int] = RED) -> bytes:
    """A print file with a frame around its middle: a tenth is left free on every side."""
    width, height = canvas(product)
    return draw(((width // 10, height // 10, width - width // 10, height - height // 10), colour), size=(width, height))


@pytest.mark.parametrize("product", EVERY)
def test_a_product_is_pictured_in_its_views_and_colours(
    draw: Draw, photograph: Shoot, look: Look, garments: Sequence[GarmentColor], product: Product
) -> None:
    pictures = list(photograph(inked(draw, product), garments, product.name))
    assert len(pictures) == pictures_of(product, garments)
    assert {p.variant for p in pictures} == {*product.views, *([Variant.COLORWAY] if product.coloured else [])}
    for picture in pictures:
        assert picture.product == product.name
        assert look(picture).shape == (2000, 2000, 3)
        assert len(picture.jpeg) < 1_500_000
    reddish = (look(pictures[0])[..., 0] - look(pictures[0])[..., 2]) > 90
    assert reddish.mean() > 0.045


@pytest.mark.parametrize("product", EVERY)
def test_the_print_lies_on_the_product_alone(studio: Studio, product: Product) -> None:
    scene = studio(product, Variant.FRONT, 0)
    assert scene.surface is not None
    if not product.cut_out:
        assert (scene.cover[scene.surface.window][scene.surface.weave > 0] > 0).all()
    assert scene.surface.left >= 0
    assert scene.surface.window[0].stop <= 2000


@pytest.mark.parametrize("product", COLOURED)
def test_the_colour_is_that_of_the_garment_where_the_light_is_flat(
    studio: Studio, photograph: Shoot, look: Look, draw: Draw, garments: Sequence[GarmentColor], product: Product
) -> None:
    scene = studio(product, Variant.FRONT, 0)
    flat = (scene.cover == 255) & (np.abs(scene.light / FLAT - 1) < 0.03)
    if scene.gloss is not None:
        flat &= scene.gloss < 8
    assert flat.any()
    royal = [garment for garment in garments if garment.name == "Royal"]
    (picture, *_) = photograph(draw(), royal, product.name)
    asked = np.array(list(bytes.fromhex(royal[0].hex[1:])))
    assert np.abs(look(picture)[flat].mean(axis=0) - asked).max() < 14


@pytest.mark.parametrize("product", EVERY)
def test_every_inked_box_of_the_canvas_fits_the_plate(product: Product) -> None:
    width, height = product.size
    area = AREAS[product.area]
    scale = min(width / area.width, height / area.height)
    whole = product.place(Box(0, 0, area.width * scale, area.height * scale), (area.width * scale, area.height * scale))
    slack = 0.02
    assert whole.left >= product.plate.box.left - slack
    assert whole.right <= product.plate.box.right + slack
    assert whole.top >= product.plate.box.top - slack
    assert whole.bottom <= product.plate.box.bottom + slack


def test_a_mug_shows_its_print_on_both_sides_the_handle_changing_hands(
    draw: Draw, photograph: Shoot, look: Look, garments: Sequence[GarmentColor]
) -> None:
    left_half = draw(((60, 60, 420, 290), RED), size=(900, 350))
    pictures = {p.variant: look(p) for p in photograph(left_half, garments, "mug")}
    reddish = {variant: (p[..., 0] - p[..., 2]) > 90 for variant, p in pictures.items()}
    assert reddish[Variant.BACK].mean() > 0.1  # the back shows the left zone
    assert reddish[Variant.BACK].mean() > 5 * reddish[Variant.FRONT].mean()


def test_the_print_narrows_towards_the_sides_of_a_mug(
    draw: Draw, photograph: Shoot, look: Look, garments: Sequence[GarmentColor]
) -> None:
    bars = draw(*[((x, 40, x + 20, 310), RED) for x in range(460, 900, 40)], size=(900, 350))
    picture = look(next(photograph(bars, garments, "mug")))
    row = (picture[1000, :, 0] - picture[1000, :, 2]) > 90
    edges = np.flatnonzero(np.diff(row.astype(int)))
    widths = np.diff(edges)[::2]
    middle = len(widths) // 2
    assert widths[middle] > 1.2 * widths[0]


@pytest.mark.slow
def test_a_sticker_is_its_print_and_throws_a_shadow(
    draw: Draw, photograph: Shoot, look: Look, garments: Sequence[GarmentColor]
) -> None:
    bare, stuck = (
        look(next(photograph(png, garments, "sticker")))
        for png in (draw(size=(600, 600)), draw(((100, 100, 500, 500), (255, 255, 255)), size=(600, 600)))
    )
    darker = (bare - stuck)[:, 900:1100].mean(axis=(1, 2))
    assert darker.max() > 15
    assert np.abs(stuck - bare)[:150].mean() < 2
