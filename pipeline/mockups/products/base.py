"""What a product is: what is printed on it, where, and how its scenes are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.mockups.ink import Place
from pipeline.mockups.plane import Box
from pipeline.mockups.scene import Plate, Scene
from pipeline.models import GarmentColor, Variant


@dataclass(frozen=True)
class Product:
    """Something a design is printed on.

    Attributes:
        name: As in the record.
        area: The print area that its print file is made for: a key of `pipeline.designs.areas.AREAS`.
        size: Width and height that the print file is printed at, whichever binds, inches.
        place: Where the inked box goes.
        plate: The plane of the print.
        views: What is pictured in the best colour; colourways are fronts.
        drapes: How many ways it is laid, lit or set up; a design's id chooses.
        draw: The scene of a view in a drape, drawn anew; the same arguments give the same scene.
        cloth: Whether ink sinks into cloth: dark cloth then gets an underbase.
        coloured: Whether it comes in the colours of garments; else there are no colourways.
        only: The one colour it comes in, where that is fixed.
        version: Of what it is drawn from, where that is not code.
        cut_out: Whether the product is its print, cut out: it lies in the scene and throws a shadow.
    """

    name: str
    area: str
    size: tuple[float, float]
    place: Place
    plate: Plate
    views: tuple[Variant, ...]
    drapes: int
    draw: Callable[[Variant, int], Scene]
    cloth: bool = False
    coloured: bool = True
    cut_out: bool = False
    only: GarmentColor | None = None
    version: str = ""


def as_composed(ink: Box, canvas: tuple[float, float]) -> Box:
    """The place of a print that was composed for the whole of its area: the canvas is centred on (0, 0)."""
    return Box(ink.left - canvas[0] / 2, ink.top - canvas[1] / 2, ink.width, ink.height)
