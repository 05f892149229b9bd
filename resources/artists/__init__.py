"""Who draws: one file per artist or painter, one line each in the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from resources.artists import automatic1111, comfyui, openai_images, sdxl, stability
from resources.artists.base import Artist, Painter
from resources.artists.budget import Budget
from resources.artists.chain import Chain
from resources.artists.composer import Composer
from resources.artists.painted import Painted
from resources.artists.punctual import GRACE_S, Punctual
from resources.errors import PermanentError
from resources.settings import Settings, names
from resources.store import Store
from resources.typefaces import typefaces

COMPOSER = "composer"


class PainterKind(NamedTuple):
    """How to get a painter, and how to learn whether it could paint."""

    make: Callable[[Settings, Budget], Painter]
    check: Callable[[Settings], str]
    """What it would paint with; raises why it could not. It costs nothing and paints nothing."""


PAINTERS: dict[str, PainterKind] = {
    "sdxl": PainterKind(lambda settings, _: sdxl.painter(settings), sdxl.check),
    comfyui.NAME: PainterKind(comfyui.ComfyUI, comfyui.check),
    automatic1111.NAME: PainterKind(automatic1111.Automatic1111, automatic1111.check),
    openai_images.NAME: PainterKind(openai_images.OpenAIImages, openai_images.check),
    stability.NAME: PainterKind(stability.Stability, stability.check),
}
"""Models that draw pictures, by the name used in `ENGINE_ARTISTS`. The composer, which is always there, is none."""


def chosen(settings: Settings) -> tuple[str, ...]:
    """The names in ENGINE_ARTISTS, in order.

    Raises:
        PermanentError: there is none, one is unknown, or one stands after the composer, which draws whatever it can.
    """
    artists = names(settings.artists)
    known = ", ".join((*PAINTERS, COMPOSER))
    if not artists:
        raise PermanentError(f"ENGINE_ARTISTS={settings.artists!r} names nobody: use {known}")
    unknown = [name for name in artists if name not in PAINTERS and name != COMPOSER]
    if unknown:
        raise PermanentError(f"ENGINE_ARTISTS names {', '.join(unknown)}: known are {known}")
    if COMPOSER in artists[:-1]:
        raise PermanentError(f"ENGINE_ARTISTS={settings.artists!r}: nobody after {COMPOSER} is ever asked: put it last")
    return artists


def artist(settings: Settings, store: Store) -> Artist:
    """Who draws, as ENGINE_ARTISTS says: the composer alone, or a chain.

    Args:
        settings: of the engine.
        store: keeps what painters cost.

    Raises:
        PermanentError: as `chosen`.
    """
    artists = chosen(settings)
    if artists == (COMPOSER,):
        return Composer()
    budget = Budget(store, settings.picture_budget_usd)
    return Chain([_one(name, settings, budget) for name in artists])


def _one(name: str, settings: Settings, budget: Budget) -> Artist:
    if name == COMPOSER:
        return Composer()
    make = PAINTERS[name].make
    painter = Punctual(name, lambda: make(settings, budget), settings.painter_seconds + GRACE_S)
    return Painted(painter, typefaces(), settings)


__all__ = ["COMPOSER", "PAINTERS", "Artist", "Painter", "PainterKind", "artist", "chosen"]
