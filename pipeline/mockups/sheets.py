"""Pictures for people: many mock-ups on one sheet, and thumbnails.

What belongs here: layout of finished pictures with captions. What does not: making the pictures (`compose`).
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from PIL import Image, ImageDraw, ImageFilter, ImageFont, UnidentifiedImageError

PAPER = (246, 245, 242)
CARD = (255, 255, 255)
TEXT = (32, 33, 36)
MUTED = (118, 119, 124)
ELLIPSIS = "…"
ABSENT = "\uffff"
NEAREST = {"–": "-", "—": "-", "•": "·", "×": "x", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "→": ">"}
SUPERSAMPLING = 4
CAPTION_LINES = 2
LEADING = 1.3
"""From line to line of a caption, in heights of the letters."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Cell:
    """One card of a sheet.

    Attributes:
        image: JPEG or PNG bytes.
        caption: In up to CAPTION_LINES lines; what is longer ends in an ellipsis.
        sub_caption: One smaller line below.
    """

    image: bytes = field(repr=False)
    caption: str
    sub_caption: str = ""


def contact_sheet(cells: Sequence[Cell], columns: int, cell_px: int, kind: Literal["PNG", "JPEG"] = "PNG") -> bytes:
    """Pictures on rounded cards, row by row.

    Args:
        cells: What is shown, in order.
        columns: Cards in a row; fewer cells than that make a narrower sheet.
        cell_px: Width of a card, pixels; its picture is a square of that width.
        kind: PNG to keep, or JPEG where the sheet must be small (about 30 kB for six cards of 160 px).

    Returns:
        The encoded sheet.

    Raises:
        ValueError: No cells, columns < 1, cell_px < 48, or a picture that can't be read (named by its caption).
    """
    if not cells:
        raise ValueError("cells is empty: a sheet needs at least one picture")
    if columns < 1:
        raise ValueError(f"columns={columns} must be at least 1")
    if cell_px < 48:
        raise ValueError(f"cell_px={cell_px} must be at least 48: a caption needs that room")
    columns = min(columns, len(cells))
    rows = -(-len(cells) // columns)
    gap = max(6, cell_px // 14)
    size = max(10, cell_px // 15)
    card = (cell_px, cell_px + _caption_height(size))
    sheet = Image.new("RGB", (gap + columns * (card[0] + gap), gap + rows * (card[1] + gap)), PAPER)
    shape = _rounded(card, cell_px // 20)
    shadow = Image.new("L", sheet.size, 0)
    places = [
        (gap + (i % columns) * (card[0] + gap), gap + (i // columns) * (card[1] + gap)) for i in range(len(cells))
    ]
    for x, y in places:
        shadow.paste(38, (x, y + gap // 5), shape)
    sheet.paste((60, 55, 50), mask=shadow.filter(ImageFilter.GaussianBlur(gap / 3)))
    for cell, place in zip(cells, places, strict=True):
        sheet.paste(_card(cell, card, size), place, shape)
    return _encoded(sheet, kind)


def thumb(image: bytes, px: int) -> bytes:
    """A small JPEG whose longer side is px: at 160 px about 4 kB for a mock-up.

    Raises:
        ValueError: px < 1, or a picture that can't be read.
    """
    if px < 1:
        raise ValueError(f"px={px} must be at least 1")
    return _encoded(_opened(image, "image", px), "JPEG")


def _card(cell: Cell, card: tuple[int, int], size: int) -> Image.Image:
    drawn = Image.new("RGB", card, CARD)
    side = card[0]
    picture = _opened(cell.image, cell.caption, side)
    drawn.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    pen = ImageDraw.Draw(drawn)
    pad = size
    small = max(8, round(size * 0.8))
    top = side + round(size * 0.7)
    for line in wrapped(cell.caption, _font(size), side - 2 * pad):
        pen.text((pad, top), line, TEXT, _font(size))
        top += round(size * LEADING)
    pen.text((pad, top + size // 5), cut(cell.sub_caption, _font(small), side - 2 * pad), MUTED, _font(small))
    return drawn


def _caption_height(size: int) -> int:
    return round(size * (2.6 + CAPTION_LINES * LEADING))


def wrapped(text: str, font: Font, width: float) -> list[str]:
    """The text in at most CAPTION_LINES lines no wider than `width` pixels; what does not fit is cut from the last."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or len(lines) == CAPTION_LINES or font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [cut(line, font, width) for line in lines]


def cut(text: str, font: Font, width: float) -> str:
    """The text on one line, cut with an ellipsis so that it is no wider than `width` pixels.

    A letter that the typeface lacks is written as its nearest that it has: é as e, — as -; where there is none, as ?.
    """
    text = " ".join("".join(_shown(letter) for letter in text).split())
    if font.getlength(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle].rstrip() + ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)


@cache
def _shown(letter: str) -> str:
    font = _font(32)

    def has(one: str) -> bool:
        return one.isspace() or bytes(font.getmask(one)) != bytes(font.getmask(ABSENT))

    if has(letter):
        return letter
    base = unicodedata.normalize("NFKD", letter)
    plain = "".join(NEAREST.get(one, one) for one in base if not unicodedata.combining(one))
    return "".join(one if has(one) else "?" for one in plain)


def _rounded(size: tuple[int, int], radius: int) -> Image.Image:
    zoom = SUPERSAMPLING
    mask = Image.new("L", (size[0] * zoom, size[1] * zoom), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * zoom, fill=255)
    return mask.resize(size, Image.Resampling.BOX)


def _opened(image: bytes, name: str, px: int) -> Image.Image:
    """The picture on white, its longer side px. A JPEG is decoded at a fraction of its size where that is enough."""
    try:
        picture = Image.open(io.BytesIO(image))
        picture.draft("RGB", (px, px))
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{name!r}: {len(image)} bytes are no picture that can be read: {error}") from error
    scale = px / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if picture.mode != "RGB":
        clear = picture.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")
        paper = Image.new("RGBA", size, (*CARD, 255))
        return Image.alpha_composite(paper, clear).convert("RGB")
    return picture.resize(size, Image.Resampling.LANCZOS)


def _encoded(picture: Image.Image, kind: Literal["PNG", "JPEG"]) -> bytes:
    out = io.BytesIO()
    if kind == "PNG":
        picture.save(out, "PNG", compress_level=6)
    else:
        picture.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()
