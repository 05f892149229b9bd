"""Small pictures for tests."""

from __future__ import annotations

import base64

import pyvips


def png(width: int = 64, height: int = 96, colour: tuple[int, int, int] = (200, 40, 40)) -> bytes:
    """A disc on a transparent ground."""
    x, y = pyvips.Image.xyz(width, height).bandsplit()
    inside = ((x - width / 2) ** 2 + (y - height / 2) ** 2) < (min(width, height) / 3) ** 2
    image = pyvips.Image.black(width, height).new_from_image(list(colour)).bandjoin(inside)
    return bytes(image.copy(interpretation="srgb").pngsave_buffer())


def encoded(data: bytes) -> str:
    """As base64."""
    return base64.b64encode(data).decode()
