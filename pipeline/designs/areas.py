"""The print areas a design is made for: pixels, resolution, and what is particular about each.

What belongs here: sizes that products share. What does not: what a marketplace takes (`pipeline.listings.limits`).
Sizes are those of Amazon Merch's templates as verified on 2026-09-24, and Redbubble's largest; the sticker's is ours.
"""

from __future__ import annotations

from pydantic import Field

from pipeline.models import Model


class Area(Model):
    """One print area."""

    name: str
    width: int = Field(description="pixels")
    height: int
    dpi: int = 300
    zones: int = Field(default=1, description="copies side by side: a mug shows its print to both hands")
    keep_free: tuple[float, float, float, float] = Field(
        default=(0.03, 0.03, 0.03, 0.03), description="left, top, right, bottom: shares kept free of ink"
    )
    border_mm: float = Field(default=0.0, description="white border around the ink: of a die-cut sticker")

    @property
    def copy_width(self) -> int:
        """Pixels across for one copy."""
        return self.width // self.zones

    @property
    def room(self) -> tuple[float, float, float, float]:
        """What one copy may fill: left, top, right, bottom in pixels of its own canvas."""
        left, top, right, bottom = self.keep_free
        width, height = self.copy_width, self.height
        return width * left, height * top, width * (1 - right), height * (1 - bottom)

    @property
    def ratio(self) -> float:
        """Height to width of what one copy may fill."""
        left, top, right, bottom = self.room
        return (bottom - top) / (right - left)


TEE = Area(name="tee", width=4500, height=5400)
"""15 × 18 inches: what every design is drawn for first."""
AREAS: dict[str, Area] = {
    area.name: area
    for area in (
        TEE,
        Area(name="hoodie", width=4500, height=4050),
        Area(name="square", width=2925, height=2925),
        # The camera's window takes the top of the case.
        Area(name="phone", width=1800, height=3200, keep_free=(0.08, 0.26, 0.08, 0.07)),
        Area(name="mug", width=2700, height=1050, zones=2, keep_free=(0.08, 0.06, 0.08, 0.06)),
        Area(name="sticker", width=1800, height=1800, keep_free=(0.06, 0.06, 0.06, 0.06), border_mm=3.0),
        Area(name="redbubble", width=7632, height=6480),
    )
}
"""By name. `square` is that of totes and pillows."""
