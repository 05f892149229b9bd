"""Who draws: one file per artist, one line each in ARTISTS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pipeline.models import Brief, Drawing, Recipe
from resources.artists.composer import Composer


class Artist(Protocol):
    """Draws a brief as a print file."""

    name: str

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The artwork; `recent` are the recipes before it, the last one last, so that neighbours differ.

        Raises:
            UndrawableError: this brief can't be drawn, others can.
            PermanentError, TransientError: nothing can be drawn, for good or for now.
        """
        ...

    def render(self, recipe: Recipe, width: int, height: int, dpi: int) -> bytes:
        """The same artwork as a PNG of another print area: scaled to fit, centred, never cropped."""
        ...


ARTISTS: dict[str, Callable[[], Artist]] = {
    "composer": Composer,
}
