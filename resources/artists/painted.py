"""Designs with a painted picture: a painter paints it without words, the composer sets the words around it.

What belongs here: the way from a brief to a picture in a design, and what is recorded of it. What does not: prompts
(`pipeline.designs.prompts`), cutting the picture out (`pipeline.designs.prints`), where it stands in the design
(`pipeline.designs.compose`), and whether it may be sold, which whoever asked for the design looks at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.designs.areas import TEE, Area
from pipeline.designs.compose import compose, picture_scale, sketch
from pipeline.designs.layers import Picture
from pipeline.designs.prints.picture import Prepared, prepare
from pipeline.designs.prints.proof import MIN_DPI
from pipeline.designs.prompts import picture_request
from pipeline.designs.typefaces import Typefaces
from pipeline.models import Attempt, Brief, Drawing, Painting, PictureRequest, Recipe
from resources.artists.base import Painter
from resources.artists.composer import Composer
from resources.cutouts import cutout
from resources.errors import UndrawableError
from resources.settings import Settings
from resources.upscaling import upscaler

STRENGTH = 0.75
"""Of the sketch: its masses and their place stay, what they are is the painter's."""

PRINTED_PX = 3000
"""The longer side of a picture on the tee's print file, about: ten inches at 300 DPI."""

LAYOUTS = 5
"""That are tried for a picture."""


class Painted:
    """An `Artist` of one painter and the composer.

    Args:
        painter: makes the pictures.
        typefaces: every face that the pairings name.
        settings: which models cut out and enlarge, if any does.
    """

    def __init__(self, painter: Painter, typefaces: Typefaces, settings: Settings) -> None:
        self.name = painter.name
        self._painter = painter
        self._typefaces = typefaces
        self._settings = settings
        self._composer = Composer(typefaces)

    def draw(self, brief: Brief, recent: Sequence[Recipe]) -> Drawing:
        """The design; raises as `Artist`, and what the painter raises.

        The painter starts from a sketch of the design as the composer alone would draw it, without its words.
        """
        try:
            request = self._request(brief, recent)
        except ValueError as error:
            raise UndrawableError(str(error)) from error
        # Before anything is paid for: a model that can't be loaded stops it here.
        cutter, enlarger = cutout(self._settings.cutout_model), upscaler(self._settings.upscaler_model)
        painting = self._painter.paint(request)
        try:
            cut = prepare(painting.png, cutter, PRINTED_PX, enlarger)
            recipe = self._composed(brief, recent, cut)
        except ValueError as error:
            undrawable = UndrawableError(f"{painting.model}: {error}")
            undrawable.cost_micros = painting.cost_micros
            raise undrawable from error
        drawing = self._composer.drawing(self._signed(recipe, request, painting, cut), {cut.digest: cut.png})
        return drawing.model_copy(update={"attempts": (self._drew(painting),)})

    def render(self, recipe: Recipe, area: Area, pictures: Mapping[str, bytes]) -> bytes:
        """The same design for another print area; raises as `Composer.render`."""
        return self._composer.render(recipe, area, pictures)

    def _request(self, brief: Brief, recent: Sequence[Recipe]) -> PictureRequest:
        request = picture_request(brief, brief.seed)
        start = sketch(compose(brief, recent, self._typefaces), self._typefaces, request.width)
        return request.model_copy(update={"init_image": start, "strength": STRENGTH})

    def _composed(self, brief: Brief, recent: Sequence[Recipe], cut: Prepared) -> Recipe:
        """Composed so that the picture is printed finely enough; a layout that shows it too large gives way.

        Raises:
            ValueError: none of LAYOUTS layouts does so, or the brief can't be composed.
        """
        picture = Picture(sha256=cut.digest, width=cut.width, height=cut.height)
        passed_over: list[Recipe] = []
        for _ in range(LAYOUTS):
            recipe = compose(brief, [*recent, *passed_over], self._typefaces, picture)
            if cut.enlarged * picture_scale(recipe, self._typefaces, TEE) <= TEE.dpi / MIN_DPI:
                return recipe
            passed_over.append(recipe)
        drawn = round(max(cut.width, cut.height) / cut.enlarged)
        raise ValueError(f"its subject is {drawn} px, too few to print at {MIN_DPI:g} DPI: paint larger pictures")

    def _signed(self, recipe: Recipe, request: PictureRequest, painting: Painting, cut: Prepared) -> Recipe:
        """The recipe with who painted, with what, from which seed, and what was done to the picture."""
        painted = {
            "painter": self.name,
            "model": painting.model,
            "seed": painting.seed,
            "negative_prompt": request.negative_prompt,
            "settings": painting.settings,
            "enlarged": cut.enlarged,
            "prepared": list(cut.steps),
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
