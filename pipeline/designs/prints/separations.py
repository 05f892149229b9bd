"""What a CMYK press gets: TIFF and PDF beside the sRGB PNG, and the share of colours that it can't print.

Colours are converted relative to the paper, with the black point compensated, as printers do by default. What isn't
inked stays transparent: the TIFF has the alpha as a fifth channel, the PDF as a soft mask, from which an underbase for
dark cloth can be made. A program that ignores the alpha sees white there.
"""

from __future__ import annotations

import io
import zlib
from functools import cache
from pathlib import PurePath

import numpy as np
import pikepdf
import pyvips
from numpy.typing import NDArray

from pipeline.designs.prints.raster import Colours, Raster, image_of, read

BUILT_IN = "cmyk"
"""The profile inside libvips: "Chemical proof" by Graeme W. Gill, released into the public domain."""
OUT_OF_GAMUT = 5.0
"""ΔE (CIEDE2000) between a colour and what is left of it, from which the two look different side by side."""
DEFLATE = 6
PROFILE = "icc-profile-data"


def tiff(png: bytes, profile: str = BUILT_IN) -> bytes:
    """The print file as CMYK with alpha: TIFF, LZW, with its resolution and the press's profile.

    Args:
        png: the print file.
        profile: path of an ICC profile of a CMYK press, or BUILT_IN.

    Raises:
        ValueError: the bytes are no picture, or the profile can't be used.
    """
    raster = read(png)
    inks = _separated(raster, profile)
    alpha = image_of(raster.pixels, 300)[3]
    whole = inks.bandjoin(alpha).copy(interpretation="cmyk", xres=raster.header.xres, yres=raster.header.yres)
    return bytes(whole.tiffsave_buffer(compression="lzw", predictor="horizontal", resunit="inch"))


def pdf(png: bytes, profile: str = BUILT_IN) -> bytes:
    """The print file as a PDF page of its physical size: CMYK without loss, the press's profile, a soft mask.

    Args:
        png: the print file; its resolution gives the page's size.
        profile: path of an ICC profile of a CMYK press, or BUILT_IN.

    Raises:
        ValueError: the bytes are no picture, or the profile can't be used.
    """
    raster = read(png)
    inks = _separated(raster, profile)
    document = pikepdf.new()
    icc = document.make_stream(inks.get(PROFILE), N=4, Alternate=pikepdf.Name.DeviceCMYK)

    def image(pixels: bytes, **entries: object) -> pikepdf.Stream:
        return document.make_stream(
            zlib.compress(pixels, DEFLATE),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=inks.width,
            Height=inks.height,
            BitsPerComponent=8,
            Filter=pikepdf.Name.FlateDecode,
            **entries,
        )

    mask = image(raster.pixels[..., 3].tobytes(), ColorSpace=pikepdf.Name.DeviceGray)
    colour = pikepdf.Array([pikepdf.Name.ICCBased, document.make_indirect(icc)])
    printed = image(inks.write_to_memory(), ColorSpace=colour, SMask=document.make_indirect(mask))
    # A PNG's resolution is in whole pixels per metre: 300 DPI comes back as 299.9994. A point is 1/72 in.
    width, height = (
        side / round(per_mm * 25.4, 2) * 72
        for side, per_mm in ((inks.width, raster.header.xres), (inks.height, raster.header.yres))
    )
    page = document.add_blank_page(page_size=(width, height))
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Print=document.make_indirect(printed)))
    page.Contents = document.make_stream(f"q {width:.4f} 0 0 {height:.4f} 0 0 cm /Print Do Q".encode())
    out = io.BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def _separated(raster: Raster, profile: str) -> pyvips.Image:
    """Four bands, the profile attached; white where nothing is inked."""
    pixels = raster.pixels
    rgb = np.where(pixels[..., 3:] > 0, pixels[..., :3], np.uint8(255))
    return converted(image_of(rgb, 300), "srgb", profile)


def out_of_gamut(found: Colours, profile: str) -> float:
    """Share of the solid ink whose colour changes by more than OUT_OF_GAMUT from sRGB to CMYK and back.

    Args:
        found: the colours of the picture.
        profile: path of an ICC profile of a CMYK press, or BUILT_IN.

    Raises:
        ValueError: the profile can't be used.
    """
    red, green, blue = (found.rgb >> 3).T
    return float(found.share[_lost(profile)[red, green, blue]].sum())


@cache
def _lost(profile: str) -> NDArray[np.bool_]:
    """Which of 32 × 32 × 32 colours the press can't print, once for a process: making the conversion is what takes."""
    levels = np.arange(4, 256, 8, dtype=np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    rgb = image_of(grid.reshape(32, -1, 3), 300)
    printed = converted(converted(rgb, "srgb", profile), profile, "srgb")
    difference = rgb.colourspace("lab").dE00(printed.colourspace("lab")).numpy()
    return np.asarray(difference.reshape(32, 32, 32) > OUT_OF_GAMUT)


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
            f"no colours of {source!r} can be given in {target!r}: name an ICC profile of a CMYK press"
        ) from error


def profile_name(profile: str) -> str:
    """What the profile is called in a proof."""
    return "Chemical proof" if profile == BUILT_IN else PurePath(profile).name
