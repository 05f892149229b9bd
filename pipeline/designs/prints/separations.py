"""What becomes of the colours on a CMYK press: which of them it can't print.

Colours are converted relative to the paper, with the black point compensated, as printers do by default.
"""

from __future__ import annotations

from functools import cache

import pyvips

from pipeline.designs.prints.raster import Colours

BUILT_IN = "cmyk"
"""The profile inside libvips: "Chemical proof" by Graeme W. Gill, released into the public domain."""
OUT_OF_GAMUT = 5.0
"""ΔE (CIEDE2000) between a colour and what is left of it, from which the two look different side by side."""


def out_of_gamut(found: Colours, profile: str) -> float:
    """Share of the solid ink whose colour changes by more than OUT_OF_GAMUT from sRGB to CMYK and back.

    Args:
        found: the colours of the picture.
        profile: path of an ICC profile of a CMYK press, or BUILT_IN.

    Raises:
        ValueError: the profile can't be used.
    """
    if not len(found.share):
        return 0.0
    rgb = pyvips.Image.new_from_memory(found.rgb.tobytes(), len(found.share), 1, 3, "uchar")
    rgb = rgb.copy(interpretation="srgb")
    printed = converted(converted(rgb, "srgb", profile), profile, "srgb")
    difference = rgb.colourspace("lab").dE00(printed.colourspace("lab")).numpy().ravel()
    return float(found.share[difference > OUT_OF_GAMUT].sum())


def converted(image: pyvips.Image, source: str, target: str) -> pyvips.Image:
    """The image from one profile's colours to another's.

    Raises:
        ValueError: a profile can't be used for that.
    """
    try:
        return image.icc_transform(
            target, input_profile=source, intent="relative", black_point_compensation=True, embedded=False
        ).copy_memory()
    except pyvips.Error as error:
        raise ValueError(
            f"no colours of {source!r} can be given in {target!r}: name an ICC profile of a press"
        ) from error


@cache
def profile_name(profile: str) -> str:
    """What the profile calls itself, for a proof."""
    return "Chemical proof (public domain, in libvips)" if profile == BUILT_IN else profile
