"""Products from photographs: a photo, a mask, and where the print's corners lie in it.

What belongs here: what a template says, and the scene that comes of its pictures. What does not: finding and reading
its files (`resources.templates`). The format is described in docs/mockups.md.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field, field_validator, model_validator

from pipeline.designs.areas import AREAS, Area
from pipeline.designs.colours import GARMENTS
from pipeline.mockups.plane import PICTURE_PX, Box, Mask, f32, u8
from pipeline.mockups.plane import Field as Plane
from pipeline.mockups.products.base import Product
from pipeline.mockups.scene import Plate, Scene, scene, surface
from pipeline.mockups.tone import FOLD_CONTRAST
from pipeline.models import Model, Variant, sha256

SMALLEST, LARGEST = 600, 8000
"""Bounds of a photo's sides, pixels."""
MOST_NODES = 21
"""Of a mesh, each way."""
COMMON_LIGHT = 75
"""Percentile of the brightness of what is printed on that counts as lit flat."""

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Point = tuple[float, float]
"""x and y in the photo, pixels."""
Picture = NDArray[np.uint8]


class Mesh(Model):
    """A grid laid over the print area, for what is bent."""

    columns: int = Field(ge=2, le=MOST_NODES, description="nodes across")
    rows: int = Field(ge=2, le=MOST_NODES, description="nodes down")
    points: list[Point] = Field(max_length=MOST_NODES**2, description="row by row, from the upper left")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len(self.points) != self.columns * self.rows:
            raise ValueError(f"{len(self.points)} points for {self.columns} × {self.rows} nodes: give one for each")
        return self


class Template(Model):
    """What template.yaml says."""

    area: str = Field(description="the print area that fills the corners: a key of AREAS")
    photo: FileName
    mask: FileName = Field(description="grey: white where the print can be seen, black where not")
    quad: list[Point] | None = Field(default=None, description="upper left, upper right, lower right, lower left")
    mesh: Mesh | None = Field(default=None, description="instead of `quad`")
    color: str = Field(description="of the product in the photo: a garment colour's name")
    dye: FileName | None = Field(default=None, description="grey: white where the product takes other colours")
    shading: FileName | None = Field(default=None, description="grey: light on the print, 128 is flat")
    displacement: FileName | None = Field(default=None, description="grey: shifts the print, 128 is not at all")
    displacement_px: float = Field(default=12.0, ge=0, le=200, description="shift of white, right and down, pixels")
    surface: Literal["cloth", "hard"] = "cloth"

    @field_validator("area")
    @classmethod
    def _known_area(cls, name: str) -> str:
        if name not in AREAS:
            raise ValueError(f"{name!r} is no print area: use one of {', '.join(AREAS)}")
        return name

    @field_validator("color")
    @classmethod
    def _known_colour(cls, name: str) -> str:
        known = [garment.name for garment in GARMENTS]
        if name not in known:
            raise ValueError(f"{name!r} is no garment colour: use one of {', '.join(known)}")
        return name

    @field_validator("quad")
    @classmethod
    def _convex(cls, quad: list[Point] | None) -> list[Point] | None:
        if quad is not None and not _clockwise(quad):
            raise ValueError(f"{quad} are not four corners, clockwise from the upper left: give them in that order")
        return quad

    @model_validator(mode="after")
    def _one_geometry(self) -> Self:
        if (self.quad is None) == (self.mesh is None):
            raise ValueError("give `quad` or `mesh`, one of them")
        return self

    @property
    def files(self) -> dict[str, str]:
        """The names of the picture files, by field."""
        fields = ("photo", "mask", "dye", "shading", "displacement")
        return {field: name for field in fields if (name := getattr(self, field))}


def _clockwise(quad: list[Point]) -> bool:
    if len(quad) != 4:
        return False
    corners = np.array(quad)
    before, after = corners - np.roll(corners, 1, 0), np.roll(corners, -1, 0) - corners
    return bool((before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0] > 0).all())


def product(name: str, template: Template, pictures: Mapping[str, bytes]) -> Product:
    """The product of a template.

    Args:
        name: Of the product.
        template: What its file says.
        pictures: The bytes of its pictures, by field.

    Raises:
        ValueError: A picture can't be read, is too small or too large, or doesn't fit the photo; or the print lies
            outside it. Names the field and the file.
    """
    for field in template.files:
        _checked(template, field, pictures[field], pictures["photo"])
    plate = _plate(template)
    size = (plate.box.width, plate.box.height)
    best = next(garment for garment in GARMENTS if garment.name == template.color)
    told = [template.model_dump_json().encode(), *(pictures[field] for field in template.files)]
    return Product(
        name=name,
        area=template.area,
        size=size,
        place=lambda ink, _: ink,
        plate=plate,
        views=(Variant.FRONT,),
        drapes=1,
        draw=_drawing(template, dict(pictures), plate),
        cloth=template.surface == "cloth",
        only=None if template.dye else best,
        version=sha256(b"\x00".join(told))[:16],
    )


def _checked(template: Template, field: str, data: bytes, photo: bytes) -> None:
    name = template.files[field]
    try:
        size = Image.open(io.BytesIO(data)).size
        whole = Image.open(io.BytesIO(photo)).size
    except OSError as error:
        raise ValueError(f"{field}: {name} is no picture: use JPEG or PNG ({error})") from error
    if not all(SMALLEST <= side <= LARGEST for side in size):
        raise ValueError(f"{field}: {name} is {size[0]} × {size[1]} px: sides of {SMALLEST} to {LARGEST} px are taken")
    if size != whole:
        raise ValueError(f"{field}: {name} is {size[0]} × {size[1]} px, the photo {whole[0]} × {whole[1]}: match them")
    for x, y in template.quad or (template.mesh.points if template.mesh else []):
        if not (0 <= x <= whole[0] and 0 <= y <= whole[1]):
            raise ValueError(f"{'quad' if template.quad else 'mesh'}: ({x:g}, {y:g}) lies outside of the photo")


def _plate(template: Template) -> Plate:
    """The canvas, as large in pixels as it is seen."""
    area: Area = AREAS[template.area]
    width, height = area.width / area.dpi, area.height / area.dpi
    points = np.array(template.quad if template.quad else template.mesh.points if template.mesh else [], float)
    seen = max(np.ptp(points[:, 0]) / width, np.ptp(points[:, 1]) / height)
    return Plate(Box(0.0, 0.0, width, height), float(np.clip(seen, 20, 1800 / max(width, height))))


def _drawing(template: Template, pictures: dict[str, bytes], plate: Plate) -> Callable[[Variant, int], Scene]:
    return partial(_draw, template, pictures, plate)


def _draw(template: Template, pictures: dict[str, bytes], plate: Plate, view: Variant, drape: int) -> Scene:
    del view, drape
    photo = _decoded(template, "photo", pictures["photo"], cv2.IMREAD_COLOR)
    grey = {f: _decoded(template, f, pictures[f], cv2.IMREAD_GRAYSCALE) for f in template.files if f != "photo"}
    crop, zoom = _square(template, grey["mask"])
    x, y = _unbent(template, plate, crop, zoom)
    fitted = {field: _fitted(picture, crop) for field, picture in grey.items()}
    if "displacement" in fitted:
        shift = (f32(fitted["displacement"]) - 128) / 127 * np.float32(template.displacement_px * zoom)
        columns, rows = np.meshgrid(*[np.arange(PICTURE_PX, dtype=np.float32)] * 2)
        x, y = (
            f32(cv2.remap(one, columns - shift, rows - shift, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
            for one in (x, y)
        )
    picture = _fitted(photo, crop)
    dyed = fitted.get("dye", np.zeros((PICTURE_PX, PICTURE_PX), np.uint8))
    light = _light(picture, fitted, dyed)
    try:
        printed = surface(x, y, fitted["mask"], plate)
    except ValueError as error:
        raise ValueError(f"mask: {template.mask}: {error}") from error
    return scene(light, u8(dyed), f32(picture), surface=printed)


def _decoded(template: Template, field: str, data: bytes, mode: int) -> Picture:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), mode)
    if decoded is None:
        raise ValueError(f"{field}: {template.files[field]} can't be decoded: save it again as JPEG or PNG")
    return u8(decoded)


def _square(template: Template, mask: Mask) -> tuple[tuple[int, int, int], float]:
    """The square of the photo that is shown, about its mask (left, top, side), and pixels of the picture for one of it.

    Raises:
        ValueError: The mask is black everywhere.
    """
    left, top, width, height = cv2.boundingRect(cv2.threshold(mask, 127, 255, cv2.THRESH_BINARY)[1])
    if not width:
        raise ValueError(f"mask: {template.mask} is black everywhere: paint white where the print can be seen")
    rows, columns = mask.shape
    side = min(rows, columns)
    corner_x = int(np.clip(left + width // 2 - side // 2, 0, columns - side))
    corner_y = int(np.clip(top + height // 2 - side // 2, 0, rows - side))
    return (corner_x, corner_y, side), PICTURE_PX / side


def _fitted(picture: Picture, crop: tuple[int, int, int]) -> Picture:
    left, top, side = crop
    cut = picture[top : top + side, left : left + side]
    how = cv2.INTER_AREA if side > PICTURE_PX else cv2.INTER_CUBIC
    return u8(cv2.resize(cut, (PICTURE_PX, PICTURE_PX), interpolation=how))


def _unbent(template: Template, plate: Plate, crop: tuple[int, int, int], zoom: float) -> tuple[Plane, Plane]:
    """Which point of the canvas each pixel shows, inches; far outside of it where the print doesn't reach."""
    width, height = plate.box.width, plate.box.height
    corner = np.array(crop[:2], float)
    if template.quad:
        nodes = np.array(template.quad, float)[[0, 1, 3, 2]].reshape(2, 2, 2)
    else:
        mesh = template.mesh
        nodes = np.array(mesh.points if mesh else [], float).reshape(mesh.rows if mesh else 0, -1, 2)
    nodes = (nodes - corner) * zoom
    down, across = nodes.shape[0] - 1, nodes.shape[1] - 1
    x = np.full((PICTURE_PX, PICTURE_PX), -1e6, np.float32)
    y = x.copy()
    for row in range(down):
        for column in range(across):
            seen = f32(nodes[[row, row, row + 1, row + 1], [column, column + 1, column + 1, column]])
            at_x, at_y = np.array([0, 1, 1, 0]) + column, np.array([0, 0, 1, 1]) + row
            flat = f32(np.column_stack([at_x * width / across, at_y * height / down]))
            _fill(x, y, seen, np.asarray(cv2.getPerspectiveTransform(seen, flat), np.float64))
    return x, y


def _fill(x: Plane, y: Plane, seen: Plane, inverse: NDArray[np.float64]) -> None:
    """Write one cell's part of the map, a pixel beyond its edges."""
    cell = np.zeros(x.shape, np.uint8)
    cv2.fillConvexPoly(cell, np.round(seen).astype(np.int32), (1,))
    rows, columns = np.nonzero(cv2.dilate(cell, np.ones((3, 3), np.uint8)))
    points = np.stack([columns, rows, np.ones_like(rows)]).astype(np.float64)
    flat = inverse @ points
    x[rows, columns] = flat[0] / flat[2]
    y[rows, columns] = flat[1] / flat[2]


def _light(picture: Picture, fitted: Mapping[str, Picture], dyed: Mask) -> Plane:
    """Light on what is dyed and on the print: from the shading map, else from the photo's own brightness."""
    if "shading" in fitted:
        return f32(fitted["shading"] / np.float32(128))
    brightness = f32(picture.max(axis=2)) / 255
    region = (dyed if dyed.any() else fitted["mask"]) > 127
    common = float(np.percentile(brightness[region], COMMON_LIGHT)) if region.any() else 1.0
    return f32((brightness / max(common, 0.02)) ** (1 / FOLD_CONTRAST))
