"""The embedded artist: composes type, pictograms and ornaments. No model, no key, no system library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.designs.areas import TEE, Area
from pipeline.designs.compose import ARTIST, compose, garments, render
from pipeline.designs.typefaces import Typefaces
from pipeline.models import Brief, Drawing, Recipe
from resources.errors import UndrawableError
from resources.typefaces import typefaces as installed


class Composer:
    """The `Artist` that is always there."""

    name = ARTIST

    def __init__(self, typefaces: Typefaces | None = None) -> None:
        self._typefaces = typefaces or installed()

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The print file of the standard tee.

        Raises:
            UndrawableError: the brief names no pictogram, or its words can't be set.
        """
        try:
            recipe = compose(brief, recent, self._typefaces)
        except ValueError as error:
            raise UndrawableError(str(error)) from error
        return self.drawing(recipe, {})

    def drawing(self, recipe: Recipe, pictures: dict[str, bytes]) -> Drawing:
        """The print file of a recipe; pictures and errors as of `render`."""
        contrasts = garments(recipe)
        return Drawing(
            recipe=recipe,
            png=self.render(recipe, TEE, pictures),
            width=TEE.width,
            height=TEE.height,
            dpi=TEE.dpi,
            garments=tuple(garment for garment, (_, offered) in contrasts.items() if offered),
            contrasts={garment.name: round(ratio, 2) for garment, (ratio, _) in contrasts.items()},
            pictures=pictures,
        )

    def render(self, recipe: Recipe, area: Area, pictures: Mapping[str, bytes]) -> bytes:
        """The same design composed for another print area.

        Raises:
            UndrawableError: a picture is missing, or the words can't be set legibly on this area.
        """
        try:
            return render(recipe, self._typefaces, area, pictures)
        except ValueError as error:
            raise UndrawableError(str(error)) from error
