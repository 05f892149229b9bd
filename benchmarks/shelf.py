"""A shop's shelf to look at: fifty unattended designs on one sheet, a dozen mock-ups on another, into `build/shelf/`.

The ideas are those that the calendar and nostalgia give the first hours of the day, made as an hour makes them; each
hour's best are drawn one after the other, each knowing those before it. Designs are shown on the garment they look best
on. Run: `python -m benchmarks.shelf`, or with a date: `python -m benchmarks.shelf 2026-10-20`.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyvips

from assets.designs import RECENT
from benchmarks.ideas_per_day import run
from benchmarks.stage import embedded, machine
from pipeline.definitions import build_defs
from pipeline.designs.areas import AREAS, TEE, Area
from pipeline.designs.compose import compose, garments
from pipeline.mockups import PRODUCTS, Cell, contact_sheet, mock
from pipeline.models import Brief, GarmentColor, Idea, Recipe
from resources.artists.composer import Composer
from resources.defaults import default_resources
from resources.settings import ROOT
from resources.store import Store
from resources.studio import Studio
from resources.typefaces import typefaces

DESIGNS, MOCKUPS = 50, 12
COLUMNS = {DESIGNS: 10, MOCKUPS: 4}
CELL_PX = {DESIGNS: 380, MOCKUPS: 640}
LOOK_PX = 1000
"""Side of a single design's picture."""
LOOK = Area(name="look", width=LOOK_PX * TEE.width // TEE.height, height=LOOK_PX, dpi=TEE.dpi * LOOK_PX // TEE.height)
FOLDER = ROOT / "build" / "shelf"
SCENES = ROOT / "build" / "scenes"
"""Products drawn once are kept here for the next time."""
PICTURED = (*["tee", "tee", *(name for name in PRODUCTS if name != "tee")] * 2,)
"""Products of the mock-ups, in order: tees are what sells."""


def main() -> None:
    """Draw the shelf and say what is on it."""
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else datetime.now(UTC).date()
    say(f"ideas of {day} …")
    shelf = Shelf(FOLDER)
    begun = time.perf_counter()
    for idea in best_ideas(day):
        shelf.draw(Brief.of(idea))
        if len(shelf.recipes) == DESIGNS:
            break
    designs, mockups = shelf.sheets()
    say(f"{len(shelf.recipes)} designs, {time.perf_counter() - begun:.0f} s; {machine()}")
    for name, of in (("layouts", "layout"), ("palettes", "palette")):
        counts = Counter(getattr(recipe, of) for recipe in shelf.recipes)
        say(f"{len(counts)} {name}: {', '.join(f'{thing} {n}' for thing, n in counts.most_common())}")
    say(f"{designs}\n{mockups}")


def best_ideas(day: date) -> Iterator[Idea]:
    """The ideas that each hour of the day would draw, hour by hour, best first."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    with embedded() as (settings, url):
        defs = build_defs(overrides=default_resources(settings))
        for hour in (midnight + timedelta(hours=n) for n in range(24)):
            run(defs, [hour])
            with Store(url) as store, store.transaction() as tx:
                ideas = tx.ideas.hour(hour, settings.designs_per_hour)
            say(f"{hour:%H:%M}: {len(ideas)} ideas to draw")
            yield from ideas


class Shelf:
    """Designs drawn one after the other into a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.*"):
            old.unlink()
        self._folder = folder
        self._artist = Composer()
        self._cells: list[Cell] = []
        self.recipes: list[Recipe] = []

    def draw(self, brief: Brief) -> None:
        """One more design, as a picture of its own too; one that can't be drawn is told and left out."""
        try:
            recipe = compose(brief, self.recipes[-RECENT:], typefaces())
        except ValueError as error:
            say(f"not drawn: {error}")
            return
        self.recipes.append(recipe)
        number, garment = len(self.recipes), worn_on(recipe)[0]
        picture = laid_on(self._artist.render(recipe, LOOK, {}), garment)
        (self._folder / f"{number:02}-{recipe.layout}.jpg").write_bytes(picture)
        self._cells.append(Cell(picture, brief.phrase, f"{number} · {recipe.layout} · {recipe.palette}"))
        if number % 10 == 0:
            say(f"{number} of {DESIGNS} designs")

    def sheets(self) -> tuple[Path, Path]:
        """The files of the two sheets."""
        return self._sheet("designs.png", self._cells, DESIGNS), self._sheet("mockups.png", self._mocked(), MOCKUPS)

    def _mocked(self) -> list[Cell]:
        step = max(1, len(self.recipes) // MOCKUPS)
        studio = Studio(SCENES, {})
        cells = []
        for recipe, name in zip(self.recipes[::step][:MOCKUPS], PICTURED, strict=False):
            product = PRODUCTS[name]
            png = self._artist.render(recipe, AREAS[product.area], {})
            front = next(iter(mock(png, product, worn_on(recipe), studio.scene, recipe.seed)))
            cells.append(Cell(front.jpeg, recipe.prompt, f"{name} · {front.garment.name}"))
            say(f"{len(cells)} of {MOCKUPS} mock-ups")
        return cells

    def _sheet(self, name: str, cells: list[Cell], of: int) -> Path:
        path = self._folder / name
        path.write_bytes(contact_sheet(cells, COLUMNS[of], CELL_PX[of]))
        return path


def worn_on(recipe: Recipe) -> list[GarmentColor]:
    """The garments that the design is offered on, best first."""
    return [garment for garment, (_, offered) in garments(recipe).items() if offered]


def laid_on(png: bytes, garment: GarmentColor) -> bytes:
    """The design as a square JPEG on the garment's colour."""
    colour = [int(garment.hex[i : i + 2], 16) for i in (1, 3, 5)]
    flat = pyvips.Image.pngload_buffer(png).flatten(background=colour)
    square = flat.gravity("centre", LOOK_PX, LOOK_PX, extend="background", background=colour)
    return bytes(square.jpegsave_buffer(Q=90))


def say(text: str) -> None:
    """Tell at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
