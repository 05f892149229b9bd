"""The embedded artist keeps the contract of `Artist`."""

from __future__ import annotations

import pytest
import pyvips

from pipeline.designs.areas import TEE
from pipeline.models import Brief, Mood, identity
from resources.artists import Artist
from resources.artists.composer import Composer
from resources.errors import PermanentError
from resources.settings import ROOT

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules" / "@fontsource").is_dir(), reason="the typefaces are not installed: run `make setup`"
)


def brief(**changes: object) -> Brief:
    return Brief.model_validate(
        {
            "idea_id": identity("test", 1), "phrase": "Powered by Tomatoes", "lines": ("Powered by", "Tomatoes"),
            "emphasis": ("Tomatoes",), "niche": "gardener", "format": "powered_by", "motifs": ("seedling",),
            "mood": Mood.PLAYFUL, "occasion": None, "seed": 5, **changes,
        }
    )  # fmt: skip


def test_the_composer_draws_a_print_file_with_its_evidence() -> None:
    artist: Artist = Composer()
    drawing = artist.draw(brief(), [])
    image = pyvips.Image.pngload_buffer(drawing.png)
    assert (image.width, image.height) == (drawing.width, drawing.height) == (4500, 5400)
    assert len(drawing.garments) >= 4
    assert all(drawing.contrasts[garment.name] >= 3 for garment in drawing.garments)
    assert drawing.recipe.artist == artist.name
    assert artist.render(drawing.recipe, TEE, {}) == drawing.png


def test_what_cannot_be_drawn_fails_for_good() -> None:
    with pytest.raises(PermanentError, match="no-such-icon"):
        Composer().draw(brief(motifs=("no-such-icon",)), [])
