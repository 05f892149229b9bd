"""Who draws: one file per artist or painter, one line each in the registry."""

from __future__ import annotations

from collections.abc import Callable

from resources.artists import sdxl
from resources.artists.base import Artist, Painter
from resources.settings import Settings

PAINTERS: dict[str, Callable[[Settings], Painter]] = {"sdxl": sdxl.painter}
"""Models that draw pictures, by the name used in `ENGINE_ARTISTS`. The composer, which is always there, is none."""

__all__ = ["PAINTERS", "Artist", "Painter"]
