"""The PNG of a print file: lossless, tagged with its resolution and sRGB, small within a fraction of a second.

Flat art compresses best unfiltered: zlib's level 7 comes within 4 % of oxipng's level 0 in a tenth of the time. A
picture of many tones needs each pixel's difference to the one before it. Measured: `docs/print-files.md`.
"""

from __future__ import annotations

import numpy as np
import pyvips

LEVEL, PICTURE_LEVEL = 7, 6
FLAT = 0.9
"""Share of pixels that equal their left neighbour, from which art counts as flat."""
SAMPLED_ROWS = 64


def encode(image: pyvips.Image, dpi: float) -> bytes:
    """The image (sRGB, 8 bits, with alpha) as a PNG, losslessly.

    Args:
        image: what to write; it is rendered once.
        dpi: written as pixels per metre, so it comes back within 0.01.
    """
    image = image.copy_memory()
    flat = is_flat(image)
    return bytes(
        image.copy(xres=dpi / 25.4, yres=dpi / 25.4).pngsave_buffer(
            compression=LEVEL if flat else PICTURE_LEVEL, filter="none" if flat else "sub", keep="none", profile="srgb"
        )
    )


def is_flat(image: pyvips.Image) -> bool:
    """Whether the image is of few, even colours: most pixels of sampled rows equal their left neighbours."""
    rows = image.subsample(1, max(1, image.height // SAMPLED_ROWS)).numpy()
    return bool(np.mean(np.all(rows[:, 1:] == rows[:, :-1], axis=2)) >= FLAT)
