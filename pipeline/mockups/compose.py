"""A design on a product: its pictures.

What belongs here: bending a print, laying its ink on the product in linear light, and which pictures are made. What
does not: products (`products`), the print file (`ink`), colours in the light (`tone`).

Ink on cloth is a filter: it returns its colour of what the cloth below returns. On dark cloth printers lay white under
it, a hair smaller than the ink so that none shows at the edges; there the ink keeps its own colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

from pipeline.mockups import tone
from pipeline.mockups.cloth import blur
from pipeline.mockups.ink import Print, read
from pipeline.mockups.plane import PICTURE_PX, f32
from pipeline.mockups.products.base import Product
from pipeline.mockups.scene import Scene, Scenes, Surface
from pipeline.models import GarmentColor, Json, MockupImage, Variant

VERSION = "studio-2"
"""Changes whenever the same input gives another picture."""
COLORWAYS = 4
JPEG_QUALITY = 90
CHOKE_PX = 0.45
"""How much smaller than the ink its underbase is, on every side, pixels of the picture: about 0.2 mm on a tee."""

Pixels = NDArray[np.uint8]
Light = NDArray[np.float32]


def mock(
    png: bytes, product: Product, garments: Sequence[GarmentColor], scenes: Scenes, seed: int = 0
) -> Iterator[MockupImage]:
    """The pictures of a product: its views in the best colour, then fronts in the next colours, four at most.

    Args:
        png: The print file for the product's area, with transparency where there is no ink.
        product: What it is printed on.
        garments: Colours it is readable on, best first; at least one.
        scenes: Gives the product's scenes.
        seed: Chooses the drape; of the design, so that neighbours differ.

    Returns:
        Pictures of 2000 × 2000 px, drawn as they are asked for.

    Raises:
        ValueError: No garment, a colour twice, or a print file that can't be read; at the call.
    """
    offered = _offered(product, garments)
    if not offered:
        names = ", ".join(garment.name for garment in garments) or "no colour"
        raise ValueError(f"garments={names}: the {product.name} comes in none of them")
    if len({g.name for g in offered}) < len(offered):
        raise ValueError(f"garments={[g.name for g in offered]!r}: a colour is named twice")
    design = read(png, product.size, product.place, product.plate)
    return _pictures(design, product, offered, scenes, seed % product.drapes)


def pictures_of(product: Product, garments: Sequence[GarmentColor]) -> int:
    """How many pictures `mock` makes."""
    return len(product.views) + max(0, len(_offered(product, garments)) - 1)


def _offered(product: Product, garments: Sequence[GarmentColor]) -> Sequence[GarmentColor]:
    if product.only:
        return [garment for garment in garments if garment.name == product.only.name]
    return garments[: 1 + COLORWAYS] if product.coloured else garments[:1]


def _pictures(
    design: Print | None, product: Product, garments: Sequence[GarmentColor], scenes: Scenes, drape: int
) -> Iterator[MockupImage]:
    plain: Json = {"version": VERSION, "drape": drape}
    for view in product.views:
        scene = scenes(product, view, drape)
        layer = _laid_on(design, scene, scene.surface, product) if design and scene.surface else None
        colours = garments if view is Variant.FRONT else garments[:1]
        for number, colour in enumerate(colours):
            yield MockupImage(
                product=product.name,
                variant=Variant.COLORWAY if number else view,
                garment=colour,
                jpeg=encoded(_picture(scene, colour, layer)),
                width=PICTURE_PX,
                height=PICTURE_PX,
                params={
                    **plain,
                    "view": view.value,
                    "garment": {"name": colour.name, "hex": colour.hex},
                    "underbase": layer is not None and layer.underbased(colour),
                    "print": design and layer and _numbers(design, product),
                },
            )


def _numbers(design: Print, product: Product) -> Json:
    box = design.box
    return {
        "canvas_px": list(design.canvas),
        "canvas_ink_px": list(design.canvas_box),
        "plate_ink_px": list(design.plate_box),
        "scale": design.scale,
        "ink_inches": [round(v, 4) for v in (box.left, box.top, box.width, box.height)],
        "plate_px_per_inch": product.plate.per_inch,
    }


# ---------------------------------------------------------------------------------------------------------------------
# ink


@dataclass(frozen=True)
class Layer:
    """Ink as it lies in the picture, bent and lit: the same for every colour of the product.

    Linear light, float32 (h, w, 3), BGR, over the surface's window.

    Attributes:
        ink: Colour × coverage × light.
        based: The part of `ink` that has white below it.
        shown: How much of what is below stays visible.
        cloth: Whether it filters what is below where there is no white.
        shine: Share of the scene's gloss that shows: of a product that is its print, where the print is.
    """

    ink: Light
    based: Light
    shown: Light
    cloth: bool
    shine: Pixels | None = None

    def underbased(self, colour: GarmentColor) -> bool:
        """Whether white is printed below the ink on this colour."""
        return self.cloth and tone.needs_underbase(colour.hex)

    def over(self, below: Light, colour: GarmentColor) -> Light:
        """The light that comes from the print over what is below it."""
        seen = cast("Light", cv2.multiply(below, self.shown))
        if not self.cloth:
            return cast("Light", cv2.add(seen, self.ink))
        filtering = tone.reflectance(colour.hex)
        if not self.underbased(colour):
            return cast("Light", cv2.add(seen, self.ink * filtering))
        seen += self.ink * filtering
        seen += self.based * (1 - filtering)
        return seen


def _laid_on(design: Print, scene: Scene, surface: Surface, product: Product) -> Layer:
    bent = cv2.remap(design.ink, surface.whole, surface.part, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    weave = np.asarray(surface.weave / np.float32(255), np.float32)
    alpha = np.asarray(cv2.extractChannel(bent, 3) / np.float32(65535), np.float32)
    gain = cv2.LUT(scene.light[surface.window], tone.ink_gain()) * weave / np.float32(65535)
    ink = cv2.cvtColor(bent, cv2.COLOR_BGRA2BGR).astype(np.float32) * gain[..., None]
    shown = np.repeat((1 - alpha * weave)[..., None], 3, axis=2)
    if product.cut_out:
        shine = np.asarray(alpha * 255, np.uint8)
        return Layer(ink=ink, based=ink, shown=shown * _shadow(alpha)[..., None], cloth=False, shine=shine)
    based = ink * _underbase(alpha)[..., None] if product.cloth else ink
    return Layer(ink=ink, based=based, shown=shown, cloth=product.cloth)


def _shadow(alpha: Light) -> Light:
    """Share of light that reaches what is below a cut-out print: its contact, and the corner that stands off."""
    height, width = alpha.shape
    light = np.ones_like(alpha)
    for off, softness, depth, lifted in ((4, 4.0, 0.45, False), (12, 12.0, 0.25, False), (40, 30.0, 0.38, True)):
        moved = cv2.warpAffine(alpha, np.array([[1, 0, off * 0.7], [0, 1, off]], np.float32), (width, height))
        soft = blur(f32(moved), softness)
        if lifted:
            y, x = np.mgrid[0:height, 0:width].astype(np.float32)
            soft = soft * np.clip((x / width + y / height - 1.0) * 1.6, 0, 1)
        light *= 1 - np.float32(depth) * soft
    return np.asarray(light, np.float32)


def _underbase(coverage: Light) -> Light:
    """Share of the ink that has white below it: the coverage, its edge drawn in by CHOKE_PX.

    To first order an edge that moves inwards by d lowers the coverage by d × its slope.
    """
    slope_x = cv2.Sobel(coverage, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    slope_y = cv2.Sobel(coverage, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    lost = np.float32(CHOKE_PX) * cv2.magnitude(slope_x, slope_y)
    return cast("Light", np.clip((coverage - lost) / np.maximum(coverage, np.float32(1e-4)), 0, 1))


# ---------------------------------------------------------------------------------------------------------------------
# pictures


def _picture(scene: Scene, colour: GarmentColor, layer: Layer | None) -> Pixels:
    picture = cv2.LUT(cv2.merge([scene.light] * 3), tone.cloth_table(colour.hex))
    picture = cv2.add(cv2.multiply(picture, cv2.merge([scene.cover] * 3), scale=1 / 255), scene.around)
    gloss = scene.gloss
    if layer is not None and scene.surface is not None:
        window = scene.surface.window
        below = cv2.LUT(picture[window], np.asarray(tone.decoding() / 65535, np.float32))
        picture[window] = displayed(layer.over(cast("Light", below), colour))
        if gloss is not None and layer.shine is not None:
            shown = np.zeros_like(gloss)
            shown[window] = cv2.multiply(gloss[window], layer.shine, scale=1 / 255)
            gloss = shown
    if gloss is not None:
        mirrored = cv2.merge([gloss] * 3)
        picture = cv2.add(picture, cv2.multiply(cv2.bitwise_not(picture), mirrored, scale=1 / 255))
    return cast("Pixels", picture)


def displayed(light: Light) -> Pixels:
    """Linear light 0 … 1 as bytes; what is brighter is cut off."""
    bounded = cv2.threshold(light, 1, 1, cv2.THRESH_TRUNC)[1]
    return tone.encoding()[(bounded * 65535).astype(np.uint16)]


def encoded(picture: Pixels) -> bytes:
    """A JPEG with an sRGB profile."""
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    behind_header = 4 + int.from_bytes(jpeg[4:6].tobytes(), "big")
    return jpeg[:behind_header].tobytes() + _profile() + jpeg[behind_header:].tobytes()


@cache
def _profile() -> bytes:
    """The APP2 segment with the sRGB profile (ICC.1:2022, annex B.4), its date cleared so that bytes repeat."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes(12)
    body = b"ICC_PROFILE\x00\x01\x01" + bytes(profile)
    return b"\xff\xe2" + (len(body) + 2).to_bytes(2, "big") + body
