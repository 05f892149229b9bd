"""Six mock-ups of a 4500 × 5400 print file: fixed-point composite against float NumPy, in the same run.

The alternative makes the same six pictures from the same tee: it decodes with Pillow, scales the premultiplied canvas,
bends the ink by nearest neighbour with fancy indexing, lights and blends in float32, and saves with Pillow. Both end in
JPEG of the same quality. Run: `python -m benchmarks.bench_mockups`.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.mockups import mock
from pipeline.mockups.compose import JPEG_QUALITY, chest, read
from pipeline.mockups.pattern import PRINT_HEIGHT, PRINT_WIDTH, PX_PER_INCH
from pipeline.mockups.tee import FLAT, View, tees
from pipeline.mockups.tone import FOLD_CONTRAST, rgb
from pipeline.models import GarmentColor

ROUNDS = 5
TARGET_S = 1.0
GARMENTS = [
    GarmentColor(name=name, hex=shade)
    for name, shade in {
        "White": "#FFFFFF",
        "Heather": "#B4B7BC",
        "Pink": "#F4B6C2",
        "Daisy": "#F5C945",
        "Sky": "#9CC3E6",
    }.items()
]


def design() -> bytes:
    """A print file like those that sell: a few lines of heavy type and a disc."""
    canvas = Image.new("RGBA", (4500, 5400), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    pen.ellipse((1250, 400, 3250, 2400), fill=(228, 87, 46, 255))
    for i, line in enumerate(("GOLDEN", "HOUR", "RUNNERS")):
        font = ImageFont.load_default(900)
        pen.text((2250, 3000 + 850 * i), line, (17, 17, 17, 255), font, anchor="mm", stroke_width=30)
    out = io.BytesIO()
    canvas.save(out, "PNG", compress_level=6, dpi=(300, 300))
    return out.getvalue()


def float_numpy(png: bytes, garments: list[GarmentColor]) -> list[bytes]:
    """The six pictures by straightforward float arithmetic."""
    canvas = Image.open(io.BytesIO(png)).convert("RGBa")
    size = (round(PRINT_WIDTH * PX_PER_INCH), round(PRINT_HEIGHT * PX_PER_INCH))
    flat = np.asarray(canvas.resize(size, Image.Resampling.BOX), np.float32) / 255
    front, back = tees()[View.FRONT], tees()[View.BACK]
    rows, columns = chest()
    margin = (rows.stop - rows.start - size[1]) // 2
    layer = np.zeros((rows.stop - rows.start, columns.stop - columns.start, 4), np.float32)
    layer[margin : margin + size[1], margin : margin + size[0]] = flat
    y, x = np.indices(layer.shape[:2])
    shift = front.shift[rows, columns]
    bent = layer[
        np.clip(np.rint(y + shift[..., 1]).astype(int), 0, layer.shape[0] - 1),
        np.clip(np.rint(x + shift[..., 0]).astype(int), 0, layer.shape[1] - 1),
    ]
    pictures = []
    for i, (side, colour) in enumerate(
        [(front, garments[0]), (back, garments[0]), *((front, g) for g in garments[1:])]
    ):
        light = (side.light.astype(np.float32) / FLAT)[..., None] ** FOLD_CONTRAST
        picture = np.array(rgb(colour.hex), np.float32) / 255 * light
        if i != 1:
            weave = (side.weave[rows, columns].astype(np.float32) / 255)[..., None]
            below = picture[rows, columns] * (1 - bent[..., 3:] * weave)
            picture[rows, columns] = below + bent[..., :3] * weave * light[rows, columns]
        cover = (side.cover.astype(np.float32) / 255)[..., None]
        picture = picture * cover + side.scene[..., ::-1].astype(np.float32) / 255 * (1 - cover)
        out = io.BytesIO()
        Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8)).save(out, "JPEG", quality=JPEG_QUALITY)
        pictures.append(out.getvalue())
    return pictures


def seconds(work: Callable[[], object]) -> list[float]:
    """Wall time of each round, after one that isn't counted."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    """Print medians, spread and ratio."""
    png = design()
    start = time.perf_counter()
    tees()
    print(f"drawing the tee, once in a process  {time.perf_counter() - start:6.3f} s")
    ours = seconds(lambda: list(mock(png, GARMENTS)))
    reading = seconds(lambda: read(png))
    theirs = seconds(lambda: float_numpy(png, GARMENTS))
    for name, times in (
        ("mock(): six pictures", ours),
        ("  of it: reading the PNG", reading),
        ("float NumPy: six", theirs),
    ):
        print(f"{name:<35} {statistics.median(times):6.3f} s  ({min(times):.3f} … {max(times):.3f})")
    print(f"float NumPy takes {statistics.median(theirs) / statistics.median(ours):.1f} × as long")
    verdict = "met" if statistics.median(ours) <= TARGET_S else "MISSED"
    print(f"target of {TARGET_S} s for six: {verdict}")


if __name__ == "__main__":
    main()
