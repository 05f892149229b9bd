"""What an artist and a painter are. The composer sets words and draws shapes; painters draw pictures by a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pipeline.designs.areas import Area
from pipeline.models import Brief, Drawing, Painting, PictureRequest, Recipe


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

    def render(self, recipe: Recipe, area: Area, pictures: Mapping[str, bytes]) -> bytes:
        """The same design as a PNG of another print area, its words broken anew, nothing cropped or squeezed.

        Args:
            recipe: of the design.
            area: what to fill.
            pictures: SHA-256 → PNG of every picture layer of the recipe's spec.
        """
        ...


class Painter(Protocol):
    """Makes one picture from a prompt. What it makes is cut out, cleaned, screened and set with words by others."""

    name: str

    def paint(self, request: PictureRequest) -> Painting:
        """The picture.

        Raises:
            RefusedError: the service or the model refuses this prompt (moderation); another prompt may pass.
            OverBudgetError: the day's budget is spent.
            TransientError: not now: no device, a queue that is full, 429, 5xx, a timeout.
            PermanentError: not without a person: a bad key, a model that isn't there.
        """
        ...
