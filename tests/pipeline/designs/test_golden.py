"""Golden images: stored specs look as they did, as far as an eye can see. `GOLDEN=write pytest …` draws them anew.

What is compared is what is seen at a few steps' distance: both pictures on the garment's colour, blurred by a pixel and
a half. A design that moved by less than half a pixel of 120, or whose edges are smoothed otherwise, passes.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from pipeline.designs.areas import AREAS
from pipeline.designs.compose import garments, recompose, render
from pipeline.models import Recipe
from resources.settings import ROOT
from resources.typefaces import typefaces
from tests.pipeline.designs.briefs import small

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@fontsource").is_dir(), reason="the typefaces are not installed: run `make setup`"
)

FOLDER = Path(__file__).with_name("golden")
SIDE = 120
BLUR = 1.5
MOST = 6.0
"""Root mean square of the difference, of 255, from which an eye sees a change."""
SPECS = sorted(path.stem for path in FOLDER.glob("*.json"))
CASES = [(spec, area) for spec in SPECS for area in ("tee", "phone", "mug", "sticker")]


def recipe_of(spec: str) -> Recipe:
    return Recipe.model_validate_json((FOLDER / f"{spec}.json").read_text())


def picture(recipe: Recipe, area: str, samples: int = 4) -> pyvips.Image:
    """The design on its best garment, SIDE pixels wide, each from `samples` by `samples`."""
    form = small(AREAS[area], samples * SIDE)
    best = next(iter(garments(recipe))).hex
    image = pyvips.Image.pngload_buffer(render(recipe, typefaces(), form, {})).shrink(samples, samples)
    return image.flatten(background=[int(best[i : i + 2], 16) for i in (1, 3, 5)]).cast("uchar")


def difference(one: pyvips.Image, other: pyvips.Image) -> float:
    """Root mean square of what an eye sees differ, of 255; infinite if the sizes differ."""
    if (one.width, one.height) != (other.width, other.height):
        return float("inf")
    seen: list[NDArray[np.float64]] = [
        image.cast("float").gaussblur(BLUR).numpy().astype(float) for image in (one, other)
    ]
    return float(np.sqrt(np.mean((seen[0] - seen[1]) ** 2)))


@pytest.mark.parametrize(("spec", "area"), CASES)
def test_designs_look_as_they_did(spec: str, area: str) -> None:
    path = FOLDER / f"{spec}-{area}.png"
    now = picture(recipe_of(spec), area)
    if os.environ.get("GOLDEN") == "write":
        Image.fromarray(now.numpy()).quantize(32).save(path, optimize=True)
    assert difference(now, pyvips.Image.new_from_array(np.asarray(Image.open(path).convert("RGB")))) <= MOST


def changed(recipe: Recipe, **change: object) -> Recipe:
    return recipe.model_copy(update={"spec": {**recipe.spec, **change}})


def test_the_threshold_lets_smoothing_pass_and_stops_what_is_seen() -> None:
    recipe = recipe_of(SPECS[0])
    golden = picture(recipe, "tee")
    assert difference(golden, picture(recipe, "tee", samples=2)) < MOST
    layers = recipe.spec["layers"]
    words = [i for i, layer in enumerate(layers) if layer["kind"] == "text"]
    lost = changed(recipe, layers=[layer for i, layer in enumerate(layers) if i != words[0]])
    left, top, right, bottom = recipe.spec["bounds"]
    aside = changed(recipe, bounds=[left - 0.08 * (right - left), top, right, bottom])
    recoloured = changed(recipe, inks={**recipe.spec["inks"], "ink": recipe.spec["inks"]["accent"]})
    respelled = changed(recipe, layers=[{**x, "name": x["name"][::-1]} if x["kind"] == "text" else x for x in layers])
    for other in (lost, aside, recoloured, respelled):
        assert difference(golden, picture(other, "tee")) > 2 * MOST
    assert difference(picture(recompose(recipe, typefaces(), AREAS["mug"]), "mug"), golden) > MOST
