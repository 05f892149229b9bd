"""Pictograms by name: the solid icons of Font Awesome Free, which come inside a Python package."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from pipeline.designs.shapes import Shape, from_svg, outset

LICENCE = f"CC-BY-4.0 (Font Awesome Free {version('fontawesomefree')})"
APART = 0.05
"""Parts that touch in a point are set apart by twice this, so that they stay apart when they are moved."""
_FOLDER = files("fontawesomefree") / "static" / "fontawesomefree" / "svgs" / "solid"


def exists(name: str) -> bool:
    """Whether there is a pictogram of this name."""
    return bool(re.fullmatch(r"[a-z0-9-]+", name)) and (_FOLDER / f"{name}.svg").is_file()


@cache
def pictogram(name: str) -> Shape:
    """The outline of the pictogram, 512 units high, y down.

    Raises:
        ValueError: there is no pictogram of this name.
    """
    if not exists(name):
        raise ValueError(f"motif={name!r} is no solid icon of Font Awesome Free: choose one by its name there")
    svg = (_FOLDER / f"{name}.svg").read_text()
    shape = from_svg(" ".join(re.findall(r'<path[^>]* d="([^"]+)"', svg) or re.findall(r' d="([^"]+)"', svg)))
    return outset(shape, -APART)
