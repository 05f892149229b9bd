"""Designs with a painted picture: what the painter is asked for, and what is recorded of what it painted."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from pipeline.designs.areas import AREAS
from pipeline.models import Drawing, Painting, PictureRequest
from resources.artists.chain import Chain
from resources.artists.composer import Composer
from resources.artists.painted import STRENGTH, Painted
from resources.errors import PermanentError, TransientError, UndrawableError
from resources.settings import Settings
from resources.typefaces import typefaces
from resources.workshop import proof_of
from tests.pictures import png
from tests.resources.artists.test_chain import BRIEF


class Brush:
    """A painter that gives the picture it is told to, and remembers what it was asked for."""

    name = "brush"

    def __init__(self, picture: bytes) -> None:
        self.picture = picture
        self.asked: list[PictureRequest] = []

    def paint(self, request: PictureRequest) -> Painting:
        self.asked.append(request)
        return Painting(
            png=self.picture,
            width=512,
            height=512,
            model="brush-1",
            licence="MIT",
            seed=41,
            settings={"steps": 30},
            seconds=1.5,
            cost_micros=34_000,
        )


SUBJECT_PX = 1024 * 2 / 3
"""Width of the disc that the brush paints."""


def noise() -> bytes:
    """A picture whose background nobody can tell."""
    pixels = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def brush() -> Brush:
    return Brush(png(1024, 1024, (255, 0, 160)))


@pytest.fixture(scope="module")
def drawing(brush: Brush) -> Drawing:
    """One painted design, for all to look at."""
    return Painted(brush, typefaces(), Settings()).draw(BRIEF, [])


def test_a_painted_design_holds_its_picture_and_how_it_was_made(brush: Brush, drawing: Drawing) -> None:
    recipe = drawing.recipe
    assert recipe.artist == f"brush brush-1 + {Composer.name}"
    assert recipe.prompt == brush.asked[0].prompt
    assert recipe.prompt != BRIEF.phrase, "a listing must say that a model made it"
    assert recipe.licences["picture brush-1"] == "MIT"
    painting = recipe.spec["painting"]
    assert (painting["model"], painting["seed"], painting["settings"]) == ("brush-1", 41, {"steps": 30})
    (attempt,) = drawing.attempts
    assert (attempt.artist, attempt.outcome, attempt.detail) == ("brush", "drew", "brush-1")
    assert (attempt.seconds, attempt.cost_micros) == (1.5, 34_000)
    (digest,) = drawing.pictures
    assert [layer["name"] for layer in recipe.spec["layers"] if layer["kind"] == "picture"] == [digest]


@pytest.mark.parametrize("area", ["tee", "square"])
def test_the_picture_is_seen_in_the_print_file_of_every_area(drawing: Drawing, brush: Brush, area: str) -> None:
    artist = Painted(brush, typefaces(), Settings())
    print_file = drawing.png if area == "tee" else artist.render(drawing.recipe, AREAS[area], drawing.pictures)
    small = pyvips.Image.thumbnail_buffer(print_file, 400).numpy()
    pink = (np.abs(small[..., :3].astype(int) - (255, 0, 160)).max(axis=2) < 24) & (small[..., 3] > 200)
    assert pink.mean() > 0.01


@pytest.mark.parametrize("area", ["tee", "square", "phone", "mug"])
def test_the_proof_tells_how_finely_the_picture_is_printed_on_every_area(
    drawing: Drawing, brush: Brush, area: str
) -> None:
    wanted = AREAS[area]
    print_file = Painted(brush, typefaces(), Settings()).render(drawing.recipe, wanted, drawing.pictures)
    proof = proof_of(print_file, wanted, drawing.recipe, drawing.garments, {})
    pixels = pyvips.Image.new_from_buffer(print_file, "").crop(0, 0, wanted.copy_width, wanted.height).numpy()
    pink = (np.abs(pixels[..., :3].astype(int) - (255, 0, 160)).max(axis=2) < 24) & (pixels[..., 3] > 200)
    wide = np.ptp(np.flatnonzero(pink.any(axis=0))) + 1
    assert proof.dpi == pytest.approx(wanted.dpi / max(1, wide / SUBJECT_PX), rel=0.03)


def test_the_painter_starts_from_the_design_without_its_words(drawing: Drawing, brush: Brush) -> None:
    request = brush.asked[0]
    assert (request.strength, request.seed) == (STRENGTH, BRIEF.seed)
    assert request.init_image
    start = pyvips.Image.new_from_buffer(request.init_image, "")
    assert (start.width, start.height) == (request.width, request.height)
    assert 0.05 < (start.numpy().min(axis=2) < 200).mean() < 0.9, "something is sketched, on white"


def test_the_same_brief_is_asked_for_the_same_way() -> None:
    unlucky = Brush(noise())
    for _ in range(2):
        with pytest.raises(UndrawableError):
            Painted(unlucky, typefaces(), Settings()).draw(BRIEF, [])
    assert unlucky.asked[0] == unlucky.asked[1]


def test_a_picture_that_can_not_be_used_leads_on_and_its_price_is_not_forgotten() -> None:
    linked = Chain([Painted(Brush(noise()), typefaces(), Settings()), Composer()])
    drawing = linked.draw(BRIEF, [])
    assert drawing.recipe.artist == Composer.name
    faulty, drew = drawing.attempts
    assert (faulty.artist, faulty.outcome, faulty.cost_micros) == ("brush", "faulty", 34_000)
    assert "background" in faulty.detail
    assert (drew.outcome, drew.cost_micros) == ("drew", 0)
    assert linked.draw(BRIEF, []).attempts[0].cost_micros == 34_000, "it does not rest: another picture may be better"


def test_a_picture_that_is_too_small_for_print_leads_on() -> None:
    with pytest.raises(UndrawableError, match="its subject is 43 px, too few to print at 100 DPI") as told:
        Painted(Brush(png(64, 64)), typefaces(), Settings()).draw(BRIEF, [])
    assert told.value.cost_micros == 34_000


def test_a_brief_of_which_no_picture_can_be_made_is_not_painted() -> None:
    brush = Brush(png())
    with pytest.raises(UndrawableError, match="nothing that can be drawn"):
        Painted(brush, typefaces(), Settings()).draw(
            BRIEF.model_copy(update={"niche": "?", "phrase": "Ha", "format": "text", "motifs": ("ban",)}), []
        )
    assert brush.asked == []


def test_a_model_that_is_not_there_is_found_out_before_anything_is_paid_for(tmp_path: Path) -> None:
    brush = Brush(png())
    with pytest.raises(PermanentError, match="ENGINE_CUTOUT_MODEL"):
        Painted(brush, typefaces(), Settings(cutout_model=str(tmp_path / "none.onnx"))).draw(BRIEF, [])
    assert brush.asked == []


def test_what_keeps_the_painter_from_painting_is_passed_on() -> None:
    class Busy(Brush):
        def paint(self, request: PictureRequest) -> Painting:
            raise TransientError("busy")

    with pytest.raises(TransientError, match="busy"):
        Painted(Busy(b""), typefaces(), Settings()).draw(BRIEF, [])
