"""Designs with a painted picture: a painter paints it, the composer sets the words around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.designs.areas import TEE, Area
from pipeline.designs.compose import compose, garments, render
from pipeline.designs.typefaces import Typefaces
from pipeline.models import Attempt, Brief, Drawing, Painting, PictureRequest, Recipe, sha256
from resources.artists.base import Painter
from resources.errors import UndrawableError


class Painted:
    """An `Artist` of one painter and the composer.

    Args:
        painter: makes the pictures.
        typefaces: every face that the pairings name.
    """

    def __init__(self, painter: Painter, typefaces: Typefaces) -> None:
        self.name = painter.name
        self._painter = painter
        self._typefaces = typefaces

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The design; raises as `Artist`, and what the painter raises."""
        request = _picture_request(brief)
        painting = self._painter.paint(request)
        try:
            recipe = self._signed(compose(brief, recent, self._typefaces), request, painting)
        except ValueError as error:
            undrawable = UndrawableError(str(error))
            undrawable.cost_micros = painting.cost_micros
            raise undrawable from error
        contrasts = garments(recipe)
        pictures = {sha256(painting.png): painting.png}
        return Drawing(
            recipe=recipe,
            png=self.render(recipe, TEE, pictures),
            width=TEE.width,
            height=TEE.height,
            dpi=TEE.dpi,
            garments=tuple(garment for garment, (_, offered) in contrasts.items() if offered),
            contrasts={garment.name: round(ratio, 2) for garment, (ratio, _) in contrasts.items()},
            pictures=pictures,
            attempts=(self._drew(painting),),
        )

    def render(self, recipe: Recipe, area: Area, pictures: Mapping[str, bytes]) -> bytes:
        """The same design for another print area."""
        return render(recipe, self._typefaces, area, pictures)

    def _signed(self, recipe: Recipe, request: PictureRequest, painting: Painting) -> Recipe:
        """The recipe with who painted, with what, from which seed."""
        painted = {
            "painter": self.name,
            "model": painting.model,
            "seed": painting.seed,
            "negative_prompt": request.negative_prompt,
            "settings": painting.settings,
        }
        return recipe.model_copy(
            update={
                "artist": f"{self.name} {painting.model} + {recipe.artist}",
                "prompt": request.prompt,
                "spec": {**recipe.spec, "painting": painted},
                "licences": {**recipe.licences, f"picture {painting.model}": painting.licence},
            }
        )

    def _drew(self, painting: Painting) -> Attempt:
        return Attempt(
            artist=self.name,
            outcome="drew",
            detail=painting.model,
            seconds=round(painting.seconds, 3),
            cost_micros=painting.cost_micros,
        )


def _picture_request(brief: Brief) -> PictureRequest:
    return PictureRequest(prompt=", ".join(brief.motifs), width=1024, height=1024, seed=brief.seed)
