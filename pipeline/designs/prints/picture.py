"""A painter's picture made fit for print: cut out, its edges clean and hard, no specks, trimmed, large enough.

What belongs here: one small function for each step, and `prepare`, which is their order. What does not: models (a
cut-out or a super-resolution model comes in as a function), and where the picture goes in a design.

Lengths in millimetres are those of the printed picture, `min_side` pixels at `DPI`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.designs.prints.encoding import encode
from pipeline.designs.prints.raster import Pixels, Plane, alpha_of, image_of, ink_box, read
from pipeline.models import Model, sha256

Mask = NDArray[np.bool_]
Colour = NDArray[np.float32]
Cut = Callable[[bytes], bytes]
"""PNG → PNG of the same size whose alpha tells the subject from its background."""

Enlarge = Callable[[Pixels], Pixels]
"""RGB (height, width, 3) → the same, a whole number of times as large."""

DPI = 300
NEAR = 10.0
"""ΔE (CIE 1976) up to which a pixel is of the background's colour: flat backgrounds of painters vary by less than 6."""
BORDER = 0.02
"""Of the shorter side: how wide the rim is in which a background is looked for."""
AGREES = 0.75
"""Share of the rim that is of one colour, from which the background counts as flat: a subject may touch an edge."""
HOLE = 0.01
"""Of the picture: enclosed areas of the background's colour from this size are holes; smaller ones are drawn, as the
white of an eye is. On a background of a strong colour, `STRONG`, every one is a hole."""
STRONG = 40.0
"""Chroma (CIELAB) of a background that nothing drawn shares by chance."""
CLEAR = 0.05
"""Share of the picture that is transparent, from which its own alpha is believed."""
REACH = 2
"""Pixels on both sides of the outline in which ink and background may be mixed."""
APART = 24.0
"""Distance (RGB, 0 … 442) of ink and background, below which a mixture of them can't be told."""
SURE = 254
"""Alpha (0 … 255) from which a pixel's colour is the ink's alone."""
SPECK_MM2 = 0.3
"""Spots and pinholes below this area go: a press makes a blot or nothing of them."""
LEAST_INK = 0.02
"""Share of the picture that must be left when its background is gone."""


class Prepared(Model):
    """A picture ready to be placed in a design: trimmed to its ink, transparent around it, hard edged."""

    png: bytes = Field(repr=False)
    width: int
    height: int
    enlarged: float = Field(ge=1, description="how many times as large as it was drawn; 1: not enlarged")
    background: Literal["transparent", "flat", "cut"] = Field(description="how the background was told")
    steps: tuple[str, ...] = Field(description="what was done, each with what it changed")

    @property
    def digest(self) -> str:
        """SHA-256 of the PNG."""
        return sha256(self.png)


def prepare(png: bytes, cut: Cut | None, min_side: int, enlarge: Enlarge | None = None) -> Prepared:
    """The picture cut out and cleaned.

    Args:
        png: as the painter made it.
        cut: tells subject from background where that isn't flat; None: there is no model.
        min_side: pixels that the longer side of the ink has at least: it is printed that large at 300 DPI.
        enlarge: draws the colours larger where that is needed; None, or what it leaves short: Lanczos.

    Raises:
        ValueError: no picture, a background that can't be told, or nothing left without it; says the mend.
    """
    pixels = read(png).pixels
    background, mask = told_background(png, pixels, cut)
    steps = [f"background: {background}"]
    soft = alpha_of(pixels) if background == "transparent" else unmixed(pixels[..., :3], mask)
    alpha = hardened(soft)
    box = ink_box(alpha)
    if box is None or np.count_nonzero(alpha >= 128) < LEAST_INK * alpha.size:
        share = np.count_nonzero(alpha >= 128) / alpha.size
        raise ValueError(
            f"only {share:.1%} of the picture is left without its background ({background}), wanted {LEAST_INK:.0%}: "
            "ask for one subject on a plain background of a colour that the subject doesn't have"
        )
    scale = max(1.0, min_side / max(box[2] - box[0], box[3] - box[1]))
    alpha, removed, filled = despeckled(alpha, DPI / 25.4 / scale)
    steps.append(f"{removed} specks removed, {filled} pinholes filled")
    clean = trimmed(np.dstack([spread(pixels[..., :3], soft >= SURE), alpha]))
    if scale > 1:
        clean = trimmed(enlarged(clean, scale, enlarge))
        steps.append(f"enlarged {scale:.2f} times ({'Lanczos' if enlarge is None else 'super-resolution model'})")
    clean[clean[..., 3] == 0] = 0
    height, width = clean.shape[:2]
    return Prepared(
        png=encode(image_of(clean, DPI), DPI),
        width=width,
        height=height,
        enlarged=scale,
        background=background,
        steps=tuple(steps),
    )


# background ----------------------------------------------------------------------------------------------------------


def told_background(png: bytes, pixels: Pixels, cut: Cut | None) -> tuple[Literal["transparent", "flat", "cut"], Mask]:
    """How the background was told, and where it is: by the picture's own alpha, by its colour, or by a model.

    Raises:
        ValueError: it has no alpha, is not flat, and there is no model; or the model gave another size.
    """
    own = pixels[..., 3] < 128
    if own.mean() >= CLEAR:
        return "transparent", own
    colour, agrees = border_colour(pixels)
    if agrees >= AGREES:
        return "flat", flooded(pixels, colour)
    if cut is None:
        raise ValueError(
            f"the background is not flat ({agrees:.0%} of the rim is of one colour, wanted {AGREES:.0%}) and there is "
            "no cut-out model: ask the painter for a plain background, or set ENGINE_CUTOUT_MODEL"
        )
    matte = read(cut(png)).pixels[..., 3]
    if matte.shape != own.shape:
        raise ValueError(
            f"the cut-out model gave {matte.shape[1]}×{matte.shape[0]} px for a picture of "
            f"{own.shape[1]}×{own.shape[0]}: it must keep the size"
        )
    return "cut", matte < 128


def border_colour(pixels: Pixels) -> tuple[Colour, float]:
    """The commonest colour of the picture's rim (RGB), and the share of the rim that is of that colour."""
    rim = max(2, round(BORDER * min(pixels.shape[:2])))
    edge = np.concatenate(
        [part[..., :3].reshape(-1, 3) for part in (pixels[:rim], pixels[-rim:], pixels[:, :rim], pixels[:, -rim:])]
    )
    keys = (edge >> 4).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    commonest = np.median(edge[keys == np.bincount(keys).argmax()], axis=0).astype(np.float32)
    near = _distance(edge[None], commonest)[0] <= NEAR
    return np.asarray(np.median(edge[near], axis=0), np.float32), float(near.mean())


def flooded(pixels: Pixels, colour: Colour) -> Mask:
    """Where the background is: what is of its colour and joined to the rim, and the holes, see `HOLE`."""
    near = (_distance(pixels[..., :3], colour) <= NEAR).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=4)
    height, width = near.shape
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    gone = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    _, a, b = _lab(colour[None, None])[0, 0]
    least = 0 if np.hypot(a, b) >= STRONG else HOLE * near.size
    gone |= stats[:, cv2.CC_STAT_AREA] >= least
    gone[0] = False
    return np.asarray(gone[labels])


def _lab(rgb: NDArray[np.generic]) -> Colour:
    return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def _distance(rgb: NDArray[np.generic], colour: Colour) -> Colour:
    return np.asarray(np.linalg.norm(_lab(rgb) - _lab(colour[None, None]), axis=2), np.float32)


# edges ---------------------------------------------------------------------------------------------------------------


def unmixed(rgb: Pixels, background: Mask) -> Plane:
    """Alpha by what each pixel near the outline is mixed of.

    Within `REACH` pixels of the outline a pixel C is read as αF + (1 − α)B, with F the nearest sure ink and B the
    nearest sure background: α is the projection of C − B on F − B. Where F and B are too alike, the mask decides.
    """
    alpha = np.where(background, np.uint8(0), np.uint8(255))
    if not background.any() or background.all():
        return alpha
    ink, clear = _sure(~background), _sure(background)
    y, x = np.nonzero(~ink & ~clear)
    colour = rgb.astype(np.float32)
    front = nearest(colour, ink)[y, x]
    back = nearest(colour, clear)[y, x]
    span = front - back
    length = np.einsum("ij,ij->i", span, span)
    share = np.einsum("ij,ij->i", colour[y, x] - back, span) / np.maximum(length, 1)
    told = length >= APART**2
    alpha[y[told], x[told]] = np.rint(share[told].clip(0, 1) * 255).astype(np.uint8)
    return alpha


def _sure(mask: Mask) -> Mask:
    """What lies deeper than REACH in the mask, and the middle of whatever is thinner than that."""
    depth = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, 5)
    window = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    return np.asarray(mask & ((depth > REACH) | (depth >= cv2.dilate(depth, window))))


def nearest(values: NDArray[np.float32], known: Mask) -> NDArray[np.float32]:
    """For every pixel the value of the nearest one that is known."""
    _, labels = cv2.distanceTransformWithLabels((~known).view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of = np.zeros((labels.max() + 1, values.shape[2]), np.float32)
    of[labels[known]] = values[known]
    return np.asarray(of[labels])


def hardened(alpha: Plane) -> Plane:
    """The alpha with an edge that is one pixel wide, where its half value lies; even parts become full or empty.

    A printer dithers what is half transparent. (α − ½) / |∇α| is, to first order, the distance in pixels to the line
    where α is ½; a pixel's new alpha is how much of it lies on the inner side.
    """
    value = alpha.astype(np.float32) / 255
    rise = np.hypot(cv2.Scharr(value, cv2.CV_32F, 1, 0), cv2.Scharr(value, cv2.CV_32F, 0, 1)) / 32
    distance = (value - 0.5) / np.maximum(rise, 1e-3)
    return np.asarray(np.rint((distance + 0.5).clip(0, 1) * 255), np.uint8)


def despeckled(alpha: Plane, px_per_mm: float) -> tuple[Plane, int, int]:
    """The alpha without spots and pinholes below SPECK_MM2; how many spots went, and how many pinholes were filled."""
    least = SPECK_MM2 * px_per_mm**2
    ink = (alpha >= 128).view(np.uint8)
    holes, filled = _small(1 - ink, least)
    specks, removed = _small(ink, least)
    around = np.ones((3, 3), np.uint8)
    kept = cv2.dilate(ink & ~specks, around)
    clean = np.where(kept > 0, alpha, np.uint8(0))
    return np.asarray(np.where(cv2.dilate(holes, around) > 0, np.uint8(255), clean)), removed, filled


def _small(mask: Plane, least: float) -> tuple[Plane, int]:
    """Where the parts of the mask are that have fewer pixels, and how many they are."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < least
    small[0] = False
    return np.asarray(small[labels].view(np.uint8)), int(small.sum())


def spread(rgb: Pixels, known: Mask) -> Pixels:
    """The colours of the pixels that are known, grown over all the rest: no edge keeps a halo of what was behind it."""
    if not known.any():
        return rgb
    return np.where(known[..., None], rgb, nearest(rgb.astype(np.float32), known).astype(np.uint8))


# size ----------------------------------------------------------------------------------------------------------------


def trimmed(pixels: Pixels) -> Pixels:
    """The inked box, with one clear pixel around it: its middle is the ink's middle.

    Raises:
        ValueError: nothing is inked.
    """
    box = ink_box(alpha_of(pixels))
    if box is None:
        raise ValueError("nothing is inked: the specks were all there was, ask for a larger subject")
    left, top, right, bottom = box
    padded = np.pad(pixels[top:bottom, left:right], ((1, 1), (1, 1), (0, 0)), mode="edge")
    padded[[0, -1], :, 3] = padded[:, [0, -1], 3] = 0
    return padded


def enlarged(pixels: Pixels, scale: float, enlarge: Enlarge | None = None) -> Pixels:
    """The picture larger, its edge hardened again at the new size. The alpha is always enlarged by Lanczos.

    Args:
        pixels: colours grown beyond the edge (`spread`), so that nothing dark or bright is drawn in from outside.
        scale: above 1.
        enlarge: for the colours; what it draws is brought to the size by Lanczos.
    """
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    rgb = pixels[..., :3] if enlarge is None else enlarge(pixels[..., :3])
    colour, alpha = _resized(rgb, width, height), _resized(pixels[..., 3:], width, height)
    return np.dstack([colour[..., :3], hardened(alpha[..., 0])])


def _resized(pixels: Pixels, width: int, height: int) -> Pixels:
    image = image_of(pixels, DPI)
    resized = image.resize(width / image.width, vscale=height / image.height, kernel="lanczos3")
    return np.asarray(resized.numpy()).reshape(resized.height, resized.width, -1)
