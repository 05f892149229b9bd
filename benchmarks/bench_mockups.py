"""The mock-ups of a 4500 × 5400 print file, for every product: `mock` against float NumPy, in the same run.

The alternative makes the same pictures from the same scenes: it decodes with Pillow, turns the canvas to linear light
and scales it with Pillow, bends the ink by nearest neighbour with fancy indexing, lights and blends in float32 over the
whole picture, and saves with Pillow. Both end in JPEG of the same quality, with a thumbnail beside each.
Run: `python -m benchmarks.bench_mockups [product …]`.
"""

from __future__ import annotations

import io
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import cache, partial

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.mockups import PRODUCTS, Product, mock, thumb
from pipeline.mockups.compose import JPEG_QUALITY
from pipeline.mockups.ink import read
from pipeline.mockups.scene import FLAT, Scene
from pipeline.mockups.tone import FOLD_CONTRAST, display, linear, rgb
from pipeline.models import GarmentColor, Variant
from resources.objects import THUMB_PX

ROUNDS = 3
TARGET_S = 1.5
GARMENTS = [
    GarmentColor(name=name, hex=shade)
    for name, shade in {
        "White": "#FFFFFF",
        "Heather": "#B4B7BC",
        "Pink": "#F4B6C2",
        "Navy": "#1B2540",
        "Black": "#131313",
    }.items()
]


def design(size: tuple[int, int] = (4500, 5400)) -> bytes:
    """A print file like those that sell: a few lines of heavy type and a disc."""
    width, height = size
    canvas = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    radius = min(size) * 0.22
    middle = width / 2, height * 0.28
    pen.ellipse((middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius), (228, 87, 46, 255))
    font = ImageFont.load_default(min(width / 5, height / 6))
    for i, line in enumerate(("GOLDEN", "HOUR", "RUNNERS")):
        at = (width / 2, height * (0.56 + 0.16 * i))
        pen.text(at, line, (60, 120, 170, 255), font, anchor="mm", stroke_width=round(height / 180))
    out = io.BytesIO()
    canvas.save(out, "PNG", compress_level=6, dpi=(300, 300))
    return out.getvalue()


@cache
def drawn(name: str, view: Variant, drape: int) -> Scene:
    """A scene, drawn once."""
    return PRODUCTS[name].draw(view, drape)


def scenes(product: Product, view: Variant, drape: int) -> Scene:
    """Scenes from memory."""
    return drawn(product.name, view, drape)


def ours(png: bytes, product: Product) -> list[bytes]:
    """The pictures and their thumbnails."""
    pictures = [image.jpeg for image in mock(png, product, GARMENTS, scenes)]
    return [*pictures, *(thumb(picture, THUMB_PX) for picture in pictures)]


def float_numpy(png: bytes, product: Product) -> list[bytes]:
    """The same by straightforward float arithmetic."""
    canvas = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"), np.float32) / 255
    light = np.dstack([linear(canvas[..., :3]) * canvas[..., 3:], canvas[..., 3]])
    size = product.plate.size
    plate = np.dstack(
        [
            np.asarray(Image.fromarray(light[..., i].astype(np.float32)).resize(size, Image.Resampling.BOX))
            for i in range(4)
        ]
    )
    pictures = []
    for view in product.views:
        scene = scenes(product, view, 0)
        for colour in GARMENTS if view is Variant.FRONT else GARMENTS[:1]:
            gain = (scene.light.astype(np.float32) / FLAT)[..., None] ** FOLD_CONTRAST
            picture = linear(np.clip(np.array(rgb(colour.hex), np.float32) / 255 * gain, 0, 1))
            if scene.surface is not None:
                seen = scene.surface
                x = np.clip(seen.whole[..., 0] + (seen.part % 32 > 15), 0, size[0] - 1)
                y = np.clip(seen.whole[..., 1] + (seen.part // 32 > 15), 0, size[1] - 1)
                bent = plate[y, x] * (seen.weave.astype(np.float32) / 255)[..., None]
                below = picture[seen.window] * (1 - bent[..., 3:])
                picture[seen.window] = below + bent[..., :3] * gain[seen.window] ** 2.2
            shown = display(np.clip(picture, 0, 1)) * 255 * (scene.cover.astype(np.float32) / 255)[..., None]
            shown += scene.around[..., ::-1]
            if scene.gloss is not None:
                shown += (255 - shown) * (scene.gloss.astype(np.float32) / 255)[..., None]
            image = Image.fromarray(shown.clip(0, 255).astype(np.uint8))
            for one in (image, image.resize((THUMB_PX, THUMB_PX), Image.Resampling.LANCZOS)):
                out = io.BytesIO()
                one.save(out, "JPEG", quality=JPEG_QUALITY)
                pictures.append(out.getvalue())
    return pictures


def seconds(work: Callable[[], object]) -> list[float]:
    """Processor time of each round, after one that isn't counted."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return times


def main() -> None:
    """Print medians and ratios."""
    cv2.setNumThreads(1)
    png = design()
    chosen = [PRODUCTS[name] for name in sys.argv[1:] or PRODUCTS]
    print(f"seconds of processor, median (least … most) of {ROUNDS}")
    quick = {}
    for product in chosen:
        start = time.process_time()
        for view in product.views:
            scenes(product, view, 0)
        drawing = (time.process_time() - start) / len(product.views)
        times = quick[product.name] = seconds(partial(ours, png, product))
        reading = seconds(partial(read, png, product.size, product.place, product.plate))
        middle = statistics.median(times)
        print(
            f"{product.name:<8} {len(ours(png, product)) // 2} pictures {middle:.3f} ({min(times):.3f} … "
            f"{max(times):.3f}), of it reading {statistics.median(reading):.3f}; a scene, once {drawing:.2f}; "
            f"target {TARGET_S} s {'met' if middle <= TARGET_S else 'MISSED'}",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak {peak:.0f} MB, with every scene above in memory")
    for product in chosen:
        slow = statistics.median(seconds(partial(float_numpy, png, product)))
        print(
            f"{product.name:<8} float NumPy {slow:.3f}, {slow / statistics.median(quick[product.name]):.1f} ×",
            flush=True,
        )


if __name__ == "__main__":
    main()
