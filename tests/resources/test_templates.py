"""Templates of a user's own: a made photo, and what is refused of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.designs.colours import GARMENTS
from pipeline.mockups import Product, mock
from pipeline.mockups.scene import Scene
from pipeline.models import GarmentColor, MockupImage, Variant
from resources.errors import PermanentError
from resources.settings import Settings
from resources.studio import studio
from resources.templates import templates

SIDE = 1000
QUAD = [(300.0, 250.0), (720.0, 300.0), (690.0, 800.0), (280.0, 760.0)]
RED = (200, 30, 30)
BY_NAME = {garment.name: garment for garment in GARMENTS}
SAID = {"area": "tee", "photo": "photo.png", "mask": "mask.png", "quad": [list(p) for p in QUAD], "color": "white"}

Save = Callable[..., Path]


def grey(level: int = 0, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    return Image.new("L", size, level)


def photo(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """A white board on blue, darker on its right half."""
    made = Image.new("RGB", size, (60, 90, 160))
    pen = ImageDraw.Draw(made)
    pen.rectangle((200, 150, 500, 850), (240, 240, 240))
    pen.rectangle((500, 150, 800, 850), (160, 160, 160))
    return made


def board(size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    mask = grey(size=size)
    ImageDraw.Draw(mask).rectangle((200, 150, 800, 850), 255)
    return mask


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a template; what is None is left out."""

    def write(name: str = "board", pictures: dict[str, Image.Image] | None = None, **said: object) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for file, picture in {"photo.png": photo(), "mask.png": board(), **(pictures or {})}.items():
            picture.save(folder / file)
        told = {field: value for field, value in {**SAID, **said}.items() if value is not None}
        (folder / "template.yaml").write_text(yaml.safe_dump(told))
        return tmp_path

    return write


def full(colour: tuple[int, int, int] = RED) -> bytes:
    """A print file that is inked to its edges."""
    out = io.BytesIO()
    Image.new("RGBA", (450, 540), (*colour, 255)).save(out, "PNG")
    return out.getvalue()


def shot(product: Product, png: bytes, *names: str) -> list[MockupImage]:
    def scenes(one: Product, view: Variant, drape: int) -> Scene:
        return one.draw(view, drape)

    return list(mock(png, product, [BY_NAME[name] for name in names or ("white",)], scenes))


def seen(picture: MockupImage) -> NDArray[np.float64]:
    """RGB of the picture at the photo's size."""
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.resize(decoded, (SIDE, SIDE), interpolation=cv2.INTER_AREA)[..., ::-1], np.float64)


def reddish(picture: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(picture[..., 0] - picture[..., 2] > 60)


def test_the_print_fills_its_four_corners_in_the_light_of_the_photo(save: Save) -> None:
    product = templates(save())["board"]
    (picture,) = shot(product, full())
    look = seen(picture)
    wanted = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(wanted, np.array(QUAD, np.int32), (1,))
    inked = reddish(look)
    assert (inked != wanted.astype(bool)).mean() < 0.004
    assert look[500, 420, 0] > look[500, 620, 0] + 40  # the right half of the board is darker
    assert np.abs(look - np.asarray(photo(), float))[~cv2.dilate(wanted, np.ones((9, 9))).astype(bool)].mean() < 2
    assert (picture.variant, picture.product, picture.garment.name) == (Variant.FRONT, "board", "white")


def test_a_mesh_of_the_same_corners_gives_nearly_the_same_picture(save: Save) -> None:
    by_quad = shot(templates(save())["board"], full())[0]
    top = [list(np.add(QUAD[0], np.subtract(QUAD[1], QUAD[0]) * t)) for t in (0.0, 0.5, 1.0)]
    low = [list(np.add(QUAD[3], np.subtract(QUAD[2], QUAD[3]) * t)) for t in (0.0, 0.5, 1.0)]
    mesh = {"columns": 3, "rows": 2, "points": [[float(v) for v in p] for p in top + low]}
    found = templates(save("bent", quad=None, mesh=mesh))
    assert np.abs(seen(shot(found["bent"], full())[0]) - seen(by_quad)).mean() < 1


def test_the_mask_hides_the_print(save: Save) -> None:
    half = board()
    ImageDraw.Draw(half).rectangle((0, 0, 499, SIDE), 0)
    look = reddish(seen(shot(templates(save(pictures={"mask.png": half}))["board"], full())[0]))
    assert not look[:, :497].any()
    assert look[500, 520:650].all()


def test_a_displacement_map_shifts_the_print(save: Save) -> None:
    flat = shot(templates(save())["board"], full())[0]
    pictures = {"shift.png": grey(255)}
    moved = shot(templates(save("moved", pictures, displacement="shift.png", displacement_px=30))["moved"], full())[0]
    was, now = (np.argwhere(reddish(seen(one))).mean(axis=0) for one in (flat, moved))
    assert now - was == pytest.approx([30, 30], abs=3)


def test_a_shading_map_lights_the_print(save: Save) -> None:
    dim = shot(templates(save(pictures={"light.png": grey(64)}, shading="light.png"))["board"], full())[0]
    assert seen(dim)[500, 420, 0] == pytest.approx(200 * 0.5**0.95, abs=12)


def test_what_is_dyed_takes_the_garments_colours(save: Save) -> None:
    product = templates(save(pictures={"dye.png": board()}, dye="dye.png"))["board"]
    pictures = shot(product, full(), "white", "royal", "mustard")
    assert [p.garment.name for p in pictures] == ["white", "royal", "mustard"]
    for picture in pictures[1:]:
        asked = np.array(list(bytes.fromhex(picture.garment.hex[1:])), float)
        assert np.abs(seen(picture)[200, 230] - asked).max() < 25
    assert np.abs(seen(pictures[1])[50, 50] - (60, 90, 160)).max() < 12


def test_without_a_dye_a_design_for_other_colours_is_refused(save: Save) -> None:
    with pytest.raises(ValueError, match="garments=black: the board comes in none of them"):
        shot(templates(save())["board"], full(), "black")


def test_a_wide_photo_is_cut_to_a_square_about_its_mask(save: Save) -> None:
    wide = photo((1600, SIDE)), board((1600, SIDE))
    (picture,) = shot(templates(save(pictures={"photo.png": wide[0], "mask.png": wide[1]}))["board"], full())
    assert reddish(seen(picture))[500, 500]


def test_a_template_is_a_product_of_the_settings(save: Save, tmp_path: Path) -> None:
    room = studio(Settings(data_dir=tmp_path / "data", products="tee,board", mockup_templates=save()))
    product = room.products["board"]
    (picture,) = mock(full(), product, [GarmentColor(name="white", hex="#FFFFFF")], room.scene)
    assert reddish(seen(picture)).any()
    kept = [path.name for path in (tmp_path / "data" / "scenes").rglob("*.npz")]
    assert kept == [f"board-{product.version}-front-0.npz"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"area": "blimp"}, "area: .*'blimp' is no print area"),
        ({"color": "beige"}, "color: .*'beige' is no garment colour"),
        ({"photo": "../photo.png"}, "photo: String should match pattern"),
        ({"photo": "missing.png"}, "photo: .*missing.png: No such file"),
        ({"mask": None}, "mask: Field required"),
        ({"quad": None}, "give `quad` or `mesh`"),
        ({"quad": [[0, 0], [10, 0], [10, 10]]}, "quad: .*not four corners"),
        ({"quad": [[300, 250], [280, 760], [690, 800], [720, 300]]}, "quad: .*clockwise"),
        ({"quad": [[300, 250], [1720, 300], [690, 800], [280, 760]]}, "quad: .*outside of the photo"),
        ({"quad": None, "mesh": {"columns": 2, "rows": 2, "points": [[1, 1]]}}, "mesh: .*1 points for 2 × 2"),
        ({"quad": None, "mesh": {"columns": 900, "rows": 2, "points": []}}, "mesh.columns: .*less than or equal"),
        ({"displacement_px": 1e9}, "displacement_px: .*less than or equal"),
        ({"colour": "white"}, "colour: Extra inputs"),
    ],
)
def test_a_fault_is_named_with_its_file_and_field(save: Save, said: dict[str, object], told: str) -> None:
    folder = save(**said)
    with pytest.raises(PermanentError, match=rf"board/template.yaml: .*{told}"):
        templates(folder)


@pytest.mark.parametrize(
    ("pictures", "told"),
    [
        ({"photo.png": photo((300, 300))}, "photo: photo.png is 300 × 300 px: sides of 600"),
        ({"mask.png": grey(255, (700, 700))}, "mask: mask.png is 700 × 700 px, the photo 1000 × 1000"),
    ],
)
def test_a_picture_that_does_not_fit_is_named(save: Save, pictures: dict[str, Image.Image], told: str) -> None:
    with pytest.raises(PermanentError, match=told):
        templates(save(pictures=pictures))


def test_a_black_mask_is_named(save: Save) -> None:
    product = templates(save(pictures={"mask.png": grey()}))["board"]
    with pytest.raises(ValueError, match=r"mask: mask.png is black everywhere"):
        shot(product, full())


def test_files_that_are_hostile_are_refused(save: Save, tmp_path: Path) -> None:
    folder = save()
    (folder / "board" / "photo.png").write_bytes(b"not a picture")
    with pytest.raises(PermanentError, match=r"photo: photo.png is no picture"):
        templates(folder)
    (folder / "board" / "photo.png").unlink()
    secret = tmp_path.parent / "secret.png"
    photo().save(secret)
    (folder / "board" / "photo.png").symlink_to(secret)
    with pytest.raises(PermanentError, match="leads out of"):
        templates(folder)
    (folder / "board" / "template.yaml").write_text("a: [1" + " " * 70_000)
    with pytest.raises(PermanentError, match="at most 64,000"):
        templates(folder)
    (folder / "board" / "template.yaml").write_text("a: [1")
    with pytest.raises(PermanentError, match="is no YAML"):
        templates(folder)
    (folder / "board" / "template.yaml").write_text("!!python/object/apply:os.system [ls]")
    with pytest.raises(PermanentError, match="is no YAML"):
        templates(folder)


def test_folders_that_hold_no_template_or_take_a_products_name_are_refused(save: Save, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="holds 0 templates"):
        templates(tmp_path)
    with pytest.raises(PermanentError, match="is no folder"):
        templates(tmp_path / "nowhere")
    with pytest.raises(PermanentError, match="not as one of tee"):
        templates(save("tee"))
