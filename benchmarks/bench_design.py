"""Print files and mock-ups: seconds on one core, peak memory, against the straightforward Pillow way in the same run.

Each way runs in a process of its own, bound to one thread, so that CPU seconds are seconds on a core, whatever else the
machine does. Pillow draws the same outlines at twice the size and scales them down, for it draws no soft edges,
measures ink, box and edge with NumPy on the whole canvas, and saves with its defaults.
Run: `python -m benchmarks.bench_design [designs] [--all]`; with `--all` the 200 ideas are drawn, else a sample is.
"""

from __future__ import annotations

import io
import itertools
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

import cv2
import numpy as np
import shapely
from PIL import Image, ImageDraw

os.environ["VIPS_CONCURRENCY"] = "1"  # before libvips is loaded

from benchmarks.bench_mockups import float_numpy, scenes
from benchmarks.eval_fingerprints import FORMS, SUBJECTS, brief
from pipeline.designs.areas import AREAS, TEE
from pipeline.designs.compose import compose, garments, recompose, render, word_inks
from pipeline.designs.layers import Layer, painted
from pipeline.designs.prints.fingerprint import fingerprint
from pipeline.designs.prints.proof import prove
from pipeline.designs.rendering import placed
from pipeline.mockups import PRODUCTS, mock, thumb
from pipeline.models import GarmentColor, Recipe
from resources.objects import THUMB_PX
from resources.typefaces import typefaces

DESIGNS, IDEAS, CORES = 8, 200, 2
SIX = ("tee", "hoodie", "square", "phone", "mug", "sticker")
COLOURWAYS = 5
P = ParamSpec("P")
T = TypeVar("T")

Times = dict[str, list[float]]
"""Step → CPU seconds of each design."""


class Clock:
    """Collects CPU seconds by step."""

    def __init__(self) -> None:
        self.times: Times = defaultdict(list)

    def of(self, step: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work gives."""
        start = time.process_time()
        done = work(*args, **kwargs)
        self.times[step].append(time.process_time() - start)
        return done


def recipes(count: int) -> list[Recipe]:
    """Designs one after the other, each knowing those before it."""
    made: list[Recipe] = []
    phrases = itertools.cycle(form.format(subject) for subject, form in itertools.product(SUBJECTS, FORMS))
    for seed, phrase in enumerate(itertools.islice(phrases, count)):
        made.append(compose(brief(phrase, seed), made[-24:], typefaces()))
    return made


def single_threaded() -> None:
    """One thread for OpenCV, as VIPS_CONCURRENCY says of libvips."""
    cv2.setNumThreads(1)


def peak_mb() -> float:
    """Most memory that this process held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(count: int) -> tuple[Times, float]:
    """The engine's way: CPU seconds by step, and peak memory in MB."""
    clock = Clock()
    made = clock.of("composing all", recipes, count)
    warm(made[0])
    for recipe in made:
        words, offered = word_inks(recipe), offered_on(recipe)
        files = {}
        for name in (*SIX, "redbubble"):
            area = AREAS[name]
            files[name] = png = clock.of(f"{name}: render and encode", render, recipe, typefaces(), area, {})
            # A sticker has a ground of its own beneath its words.
            clock.of(f"{name}: proof", prove, png, area, words=() if area.border_mm else words)
        clock.of("tee: fingerprint", fingerprint, files["tee"])
        clock.of("mock-ups", pictures, files["tee"], offered, recipe.seed)
        clock.times["bytes"].append(float(len(files["tee"])))
        resaved = saved(Image.open(io.BytesIO(files["tee"])))
        clock.times["bytes by Pillow"].append(float(len(resaved)))
    return dict(clock.times), peak_mb()


def offered_on(recipe: Recipe) -> list[GarmentColor]:
    """The colours of a mock-up set."""
    return [garment for garment, (_, on) in garments(recipe).items() if on][:COLOURWAYS]


def warm(recipe: Recipe) -> None:
    """What is loaded or drawn once in a process is not counted."""
    png = render(recipe, typefaces(), TEE, {})
    prove(png, TEE)
    fingerprint(png)
    for seed in range(PRODUCTS["tee"].drapes):
        pictures(png, offered_on(recipe), seed)


def pictures(png: bytes, offered: Sequence[GarmentColor], seed: int) -> list[bytes]:
    """Front, back and four colourways of 2000 px, and a thumbnail of each."""
    images = [image.jpeg for image in mock(png, PRODUCTS["tee"], offered, scenes, seed)]
    return [*images, *(thumb(image, THUMB_PX) for image in images)]


def with_pillow(count: int) -> tuple[Times, float]:
    """The straightforward way: CPU seconds by step, and peak memory in MB."""
    clock = Clock()
    for recipe in recipes(count):
        canvas = clock.of("tee: draw", drawn_with_pillow, recipe)
        png = clock.of("tee: encode", saved, canvas)
        clock.of("tee: measure", measured, png)
        clock.of("mock-ups", float_numpy, png, PRODUCTS["tee"])
    return dict(clock.times), peak_mb()


def drawn_with_pillow(recipe: Recipe) -> Image.Image:
    """The recipe's outlines as polygons, at twice the size, scaled down."""
    tee = recompose(recipe, typefaces(), TEE)
    scale, _, _, _, x, y = placed(tuple(tee.spec["bounds"]), TEE.room)
    canvas = Image.new("RGBA", (2 * TEE.width, 2 * TEE.height), (0, 0, 0, 0))
    for layer, shape in painted([Layer.model_validate(one) for one in tee.spec["layers"]], typefaces()):
        mask = Image.new("1", canvas.size, 0)
        pen = ImageDraw.Draw(mask)
        for part in shapely.get_parts(shape):
            rings = [part.exterior, *part.interiors]
            for number, ring in enumerate(rings):
                points = shapely.get_coordinates(ring) * scale + (x, y)
                pen.polygon([(2 * px, 2 * py) for px, py in points], fill=0 if number else 1)
        canvas.paste(tee.spec["inks"][layer.ink], mask=mask)
    return canvas.resize((TEE.width, TEE.height), Image.Resampling.BOX)


def saved(canvas: Image.Image) -> bytes:
    """PNG by Pillow's defaults."""
    out = io.BytesIO()
    canvas.save(out, "PNG", dpi=(300, 300))
    return out.getvalue()


def measured(png: bytes) -> tuple[float, float, float]:
    """Ink share, dead margin and half-transparent share: a third of what a proof says, and no stroke."""
    alpha = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))[..., 3].astype(np.float32) / 255
    ys, xs = np.nonzero(alpha > 0.03)
    box = (np.ptp(ys) + 1) * (np.ptp(xs) + 1)
    return float(alpha.mean()), 1 - box / alpha.size, float(((alpha > 0.03) & (alpha < 0.97)).sum() / len(ys))


def whole(recipe: Recipe) -> int:
    """An idea drawn, proved and mocked; how many pictures there are."""
    png = render(recipe, typefaces(), TEE, {})
    prove(png, TEE, words=word_inks(recipe))
    fingerprint(png)
    return len(pictures(png, offered_on(recipe), recipe.seed))


def in_process(work: Callable[[int], T], count: int) -> T:
    """The work in a fresh process, so that its memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=single_threaded) as pool:
        return pool.submit(work, count).result()


def told(name: str, seconds: list[float], target: float | None = None) -> None:
    """A line: median, spread, and whether the target is met."""
    middle = statistics.median(seconds)
    verdict = "" if target is None else f"   target {target:g}: {'met' if middle <= target else 'MISSED'}"
    print(f"  {name:<34} {middle:6.2f}  ({min(seconds):.2f} … {max(seconds):.2f}){verdict}")


def summed(times: Times, names: list[str]) -> list[float]:
    """Per design, the steps together."""
    return [sum(steps) for steps in zip(*(times[name] for name in names), strict=True)]


def main() -> None:
    """Print what each step takes, and what is met."""
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count = numbers[0] if numbers else DESIGNS
    print(f"{count} designs; CPU seconds on one core: median (least … most)")
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    times, memory = in_process(ours, count)
    print(f"the engine, peak memory {memory:.0f} MB   target 1500: {'met' if memory <= 1500 else 'MISSED'}")
    for name, seconds in times.items():
        if name not in ("bytes", "bytes by Pillow", "composing all"):
            told(name, seconds)
    print(f"  composing, per design              {times['composing all'][0] / count:6.2f}")
    one = summed(times, ["tee: render and encode", "tee: proof", "tee: fingerprint"])
    told("print file of the tee, whole", one, 1.0)
    six = summed(times, [f"{area}: {step}" for area in SIX for step in ("render and encode", "proof")])
    told("six print areas, with proofs", six, 4.0)
    told("mock-up set", times["mock-ups"], 1.5)
    theirs, their_memory = in_process(with_pillow, min(count, 3))
    print(f"Pillow and NumPy ({min(count, 3)} designs), peak memory {their_memory:.0f} MB")
    for name, seconds in theirs.items():
        told(name, seconds)
    file = summed(theirs, ["tee: draw", "tee: encode", "tee: measure"])
    told("print file of the tee, whole", file)
    ratio = statistics.median(file) / statistics.median(one)
    print(f"Pillow takes {ratio:.1f} times as long for a file; the same pixels encoded by", end=" ")
    ours_mb, pillow_mb = (statistics.median(times[name]) / 1e6 for name in ("bytes", "bytes by Pillow"))
    print(f"us: {ours_mb:.2f} MB, by Pillow: {pillow_mb:.2f} MB")
    many(IDEAS if "--all" in sys.argv else min(IDEAS, 4 * count))


def many(drawn: int) -> None:
    """How long 200 ideas take on two cores, drawn and mocked."""
    made = recipes(drawn)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CORES, context, initializer=single_threaded) as pool:
        list(pool.map(warm, made[:CORES]))
        start = time.perf_counter()
        list(pool.map(whole, made))
        took = time.perf_counter() - start
    minutes = took / drawn * IDEAS / 60
    how = "drawn whole" if drawn == IDEAS else f"extrapolated from {drawn}"
    verdict = "met" if minutes <= 10 else "MISSED"
    print(f"{IDEAS} ideas drawn, proved and mocked on {CORES} cores, {how}: {minutes:.1f} min, target 10: {verdict}")
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
