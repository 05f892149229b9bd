"""Ornaments drawn from numbers: rules, stars, rays, suns, ridges, waves, ribbons, badges. Each is about its own origin.

Sizes are in the caller's units; `seed` makes what looks irregular repeatable.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pipeline.designs.chance import chance
from pipeline.designs.glyphs import icon_dots, icon_drop, icon_hatch, icon_shade
from pipeline.designs.shapes import (
    Point,
    Shape,
    circle,
    common,
    cut,
    dots,
    from_svg,
    joined,
    line,
    outset,
    polygon,
    rectangle,
    transformed,
)
from pipeline.designs.textures import brushed, crackle, faded, wear


def _polar(radius: float, degrees: float) -> Point:
    """Clockwise from the top."""
    angle = math.radians(degrees)
    return radius * math.sin(angle), -radius * math.cos(angle)


def _turned(shape: Shape, degrees: float, x: float = 0.0, y: float = 0.0) -> Shape:
    angle = math.radians(degrees)
    return transformed(shape, (math.cos(angle), math.sin(angle), -math.sin(angle), math.cos(angle), x, y))


def _path(*parts: str | float, unit: float) -> Shape:
    """A figure from the letters of an SVG path with numbers in units of `unit`."""
    return from_svg(" ".join(part if isinstance(part, str) else f"{part * unit:.3f}" for part in parts))


def rule(width: float, height: float) -> Shape:
    """A straight rule with round ends."""
    return rectangle(-width / 2, -height / 2, width / 2, height / 2, height / 2)


def star(radius: float, points: int = 5, inner: float = 0.42) -> Shape:
    """A star with its first point up."""
    return polygon([_polar(radius * (inner if i % 2 else 1), 180 * i / points) for i in range(2 * points)])


def sparkle(radius: float) -> Shape:
    """A four-pointed glint with hollow sides."""
    d = 0.085
    return _path("M", 0, -1, "Q", d, -d, 1, 0, "Q", d, d, 0, 1, "Q", -d, d, -1, 0, "Q", -d, -d, 0, -1, "Z", unit=radius)


def diamond(radius: float) -> Shape:
    """A square on its point."""
    return polygon([_polar(radius, 90 * i) for i in range(4)])


def rays(inner: float, outer: float, count: int, fill: float = 0.5, *, start: float = 0, end: float = 360) -> Shape:
    """Sun rays between two radii; `fill` is the inked part of each step, widening outwards."""
    step = (end - start) / count
    half = step * fill / 2
    return joined(
        polygon([_polar(inner, m - half), _polar(outer, m - half), _polar(outer, m + half), _polar(inner, m + half)])
        for m in (start + step * (i + 0.5) for i in range(count))
    )


def dashes(inner: float, outer: float, count: int, width: float, *, start: float = 0, end: float = 360) -> Shape:
    """Strokes of equal width that point outwards, every other one shorter."""
    marks = []
    for i in range(count):
        degrees = start + (end - start) * (i + 0.5) / count
        far = outer if i % 2 == 0 else inner + (outer - inner) * 0.62
        marks.append(_turned(rectangle(-width / 2, -far, width / 2, -inner, width / 2), degrees))
    return joined(marks)


def disc(radius: float) -> Shape:
    """A disc."""
    return circle(0, 0, radius)


def sun(radius: float, first: int, last: int, bands: int = 12, solid: float = 0.42) -> Shape:
    """Bands `first` … `last − 1` of a setting sun: gaps open below `solid` of the height and widen downwards."""
    whole = circle(0, 0, radius)
    step = 2 * radius / bands
    pieces = []
    for band in range(first, last):
        top = -radius + band * step
        depth = max(0.0, ((band + 1) / bands - solid) / (1 - solid))
        pieces.append(common(whole, rectangle(-radius, top, radius, top + step * (1 - 0.62 * depth) + (depth == 0))))
    return joined(pieces)


def ridge(width: float, height: float, seed: int, peaks: int = 3) -> Shape:
    """Mountains: a jagged line over a flat base at y = 0."""
    rng = chance(seed)
    points: list[Point] = [(-width / 2, 0)]
    for i in range(peaks):
        x = -width / 2 + width * (i + 0.5) / peaks
        top = height * (1.0 if i == peaks // 2 else rng.uniform(0.55, 0.8))
        points.append((x + rng.uniform(-0.06, 0.06) * width, -top))
        if i < peaks - 1:
            points.append((-width / 2 + width * (i + 1) / peaks, -height * rng.uniform(0.22, 0.4)))
    return polygon([*points, (width / 2, 0)])


def pines(width: float, height: float, seed: int, count: int = 9) -> Shape:
    """A row of fir trees standing on y = 0."""
    rng = chance(seed)
    trees = []
    for i in range(count):
        x = -width / 2 + width * (i + 0.5) / count + rng.uniform(-0.1, 0.1) * width / count
        tall = height * rng.uniform(0.55, 1.0)
        half = tall * 0.23
        for tier in range(3):
            top, bottom = -tall * (1 - 0.26 * tier), -tall * (0.60 - 0.27 * tier)
            spread = half * (0.55 + 0.225 * tier)
            trees.append(polygon([(x, top), (x + spread, bottom), (x - spread, bottom)]))
        trees.append(rectangle(x - tall * 0.03, -tall * 0.1, x + tall * 0.03, 0))
    return joined(trees)


def waves(width: float, height: float, rows: int, cycles: float) -> Shape:
    """Rows of swell, drawn as lines, the topmost at y = 0."""
    lines = []
    pitch = height / rows
    for row in range(rows):
        y = row * pitch
        points = [
            (
                -width / 2 + width * i / 240,
                y + math.sin(2 * math.pi * cycles * i / 240 + row * math.pi) * pitch * 0.2,
            )
            for i in range(241)
        ]
        lines.append(line(points, pitch * 0.3))
    return joined(lines)


def halftone(width: float, height: float, columns: int) -> Shape:
    """A field of dots that shrink downwards, the top at y = 0."""
    pitch = width / columns
    rows = int(height / (pitch * 0.87))
    centres: list[Point] = []
    radii: list[float] = []
    for row in range(rows):
        radius = pitch * 0.46 * (1 - row / rows) ** 0.8
        for column in range(columns - row % 2):
            centres.append((-width / 2 + pitch * (column + 0.5 + (row % 2) / 2), pitch * (0.5 + row * 0.87)))
            radii.append(radius)
    return dots(centres, radii)


def laurel(radius: float, leaves: int = 9) -> Shape:
    """Two branches that open upwards about the origin."""
    parts = []
    for side in (-1, 1):
        for i in range(leaves):
            degrees = 172 - 138 * i / (leaves - 1)
            for out in (-1, 1):
                x, y = _polar(radius * (1 + 0.065 * out), degrees)
                leaf = _turned(_leaf(radius * (0.2 - 0.05 * i / leaves)), degrees - 180 + out * 34, x, y)
                parts.append(transformed(leaf, (side, 0, 0, 1, 0, 0)))
    return joined(parts)


def _leaf(length: float) -> Shape:
    return _path("M", 0, 0, "Q", 0.5, -0.42, 1, 0, "Q", 0.5, 0.42, 0, 0, "Z", unit=length)


def ribbon(width: float, height: float, tail: float) -> Shape:
    """The front of a banner with a forked, folded tail at both ends; the fold is open, so it reads in one ink."""
    half, h, gap = width / 2, height / 2, height * 0.07
    drop = height * 0.26
    front = rectangle(-half, -h, half, h)
    parts = [front]
    for side in (-1, 1):
        inner = side * (half - tail * 0.35)
        outer = side * (half + tail)
        notch = side * (half + tail * 0.62)
        end = polygon([(inner, -h + drop), (outer, -h + drop), (notch, drop), (outer, h + drop), (inner, h + drop)])
        parts.append(cut(end, outset(front, gap)))
    return joined(parts)


def swash(width: float, height: float) -> Shape:
    """An underline drawn with one stroke of a brush: thin, thick, thin, with a curl back."""
    stroke = _path(
        "M", -1, 0.25, "C", -0.3, -0.55, 0.4, -0.5, 1, -0.18, "C", 0.55, -0.16, 0.1, -0.02, -0.22, 0.5,
        "C", 0, 0, 0.2, -0.13, 0.36, -0.2, "C", 0.1, -0.24, -0.5, -0.16, -1, 0.25, "Z", unit=1000,
    )  # fmt: skip
    return transformed(stroke, (width / 2000, 0, 0, height / 1000, 0, 0))


def hoop(radius: float, width: float) -> Shape:
    """A ring whose outer radius is given."""
    return cut(circle(0, 0, radius), circle(0, 0, radius - width))


def scallop(radius: float, lobes: int = 28, depth: float = 0.035) -> Shape:
    """A disc with a wavy edge, like a bottle cap."""
    steps = 24 * lobes
    return polygon([
        _polar(radius * (1 - depth * (1 - math.cos(math.tau * lobes * i / steps)) / 2), 360 * i / steps)
        for i in range(steps)
    ])  # fmt: skip


def burst(radius: float, points: int = 40, depth: float = 0.08) -> Shape:
    """A disc with a toothed edge, like a seal."""
    return star(radius, points, 1 - depth)


def hexagon(radius: float) -> Shape:
    """A hexagon on its point."""
    return polygon([_polar(radius, 60 * i) for i in range(6)])


def shield(radius: float) -> Shape:
    """A crest: level top, sides that meet in a point below."""
    return _path(
        "M", -0.86, -0.86, "Q", -0.43, -0.78, 0, -1, "Q", 0.43, -0.78, 0.86, -0.86,
        "C", 0.98, 0.1, 0.72, 0.78, 0, 1.12, "C", -0.72, 0.78, -0.98, 0.1, -0.86, -0.86, "Z", unit=radius,
    )  # fmt: skip


def window(radius: float) -> Shape:
    """An arched window: a half disc on a rectangle."""
    r = radius
    return joined([circle(0, -0.2 * r, 0.82 * r), rectangle(-0.82 * r, -0.2 * r, 0.82 * r, r)])


def heart(radius: float) -> Shape:
    """A heart."""
    return _path(
        "M", 0, 1, "C", -0.35, 0.66, -1.06, 0.16, -1.06, -0.38, "C", -1.06, -0.74, -0.8, -0.96, -0.5, -0.96,
        "C", -0.28, -0.96, -0.1, -0.84, 0, -0.66, "C", 0.1, -0.84, 0.28, -0.96, 0.5, -0.96,
        "C", 0.8, -0.96, 1.06, -0.74, 1.06, -0.38, "C", 1.06, 0.16, 0.35, 0.66, 0, 1, "Z", unit=radius,
    )  # fmt: skip


def drop(radius: float) -> Shape:
    """A drop with its point up."""
    return _path(
        "M", 0, -1.12, "C", 0.14, -0.7, 0.86, -0.26, 0.86, 0.22, "C", 0.86, 0.7, 0.47, 1.02, 0, 1.02,
        "C", -0.47, 1.02, -0.86, 0.7, -0.86, 0.22, "C", -0.86, -0.26, -0.14, -0.7, 0, -1.12, "Z", unit=radius,
    )  # fmt: skip


def egg(radius: float) -> Shape:
    """An egg on its blunt end."""
    return _path(
        "M", 0, -1.05, "C", 0.5, -1.05, 0.84, -0.3, 0.84, 0.22, "C", 0.84, 0.72, 0.47, 1.02, 0, 1.02,
        "C", -0.47, 1.02, -0.84, 0.72, -0.84, 0.22, "C", -0.84, -0.3, -0.5, -1.05, 0, -1.05, "Z", unit=radius,
    )  # fmt: skip


def badge(radius: float) -> Shape:
    """A board that swells above and below, like the sign of a shop."""
    return _path(
        "M", -1.05, -0.52, "C", -0.5, -0.5, -0.42, -0.86, 0, -0.86, "C", 0.42, -0.86, 0.5, -0.5, 1.05, -0.52,
        "L", 1.05, 0.52, "C", 0.5, 0.5, 0.42, 0.86, 0, 0.86, "C", -0.42, 0.86, -0.5, 0.5, -1.05, 0.52, "Z",
        unit=radius,
    )  # fmt: skip


def lozenge(radius: float) -> Shape:
    """A rhombus lying on its long axis, as a table's top is seen."""
    return polygon([(-1.12 * radius, 0), (0, -0.92 * radius), (1.12 * radius, 0), (0, 0.92 * radius)])


def frame(width: float, height: float, line: float, radius: float = 0.0) -> Shape:
    """A rectangular frame whose outer size is given; a negative radius hollows the corners."""
    return cut(_plate(width, height, radius), _plate(width - 2 * line, height - 2 * line, radius * 0.94))


def board(width: float, height: float, radius: float = 0.0) -> Shape:
    """A solid rectangle; a negative radius hollows the corners."""
    return _plate(width, height, radius)


def _plate(width: float, height: float, radius: float) -> Shape:
    x, y = width / 2, height / 2
    if radius >= 0:
        return rectangle(-x, -y, x, y, radius)
    bites = joined(circle(side * x, end * y, -radius) for side in (-1, 1) for end in (-1, 1))
    return cut(rectangle(-x, -y, x, y), bites)


def perforated(width: float, height: float, pitch: float) -> Shape:
    """A rectangle with the bitten edge of a postage stamp; `pitch` from tooth to tooth, about."""
    holes = []
    sides: tuple[tuple[float, Callable[[float, int], Point]], ...] = (
        (width, lambda t, side: (t, side * height / 2)),
        (height, lambda t, side: (side * width / 2, t)),
    )
    for length, place in sides:
        count = round(length / pitch)
        holes += [
            circle(*place(-length / 2 + length * i / count, side), 0.3 * pitch)
            for i in range(count + 1)
            for side in (-1, 1)
        ]
    return cut(rectangle(-width / 2, -height / 2, width / 2, height / 2), joined(holes))


def panel_sun(width: float, height: float, low: float = 0.3) -> Shape:
    """A rectangle of rays about a sun that stands `low` of the height above its foot."""
    reach = math.hypot(width, height)
    beams = [rays(0.24 * height, reach, 30, 0.5), circle(0, 0, 0.2 * height)]
    y = height * (0.5 - low)
    return common(rectangle(-width / 2, -height / 2, width / 2, height / 2), joined(_moved(beam, y) for beam in beams))


def bow(radius: float, line: float, reach: float, left: float) -> Shape:
    """A band that comes from the left, turns in a half circle and goes back; the whole bend ends at `reach`."""
    half = common(_ring(radius, line), rectangle(0, -radius, radius, radius))
    arms = [
        rectangle(-left, side * radius - line * (side > 0), 0, side * radius + line * (side < 0)) for side in (-1, 1)
    ]
    return transformed(joined([half, *arms]), (1, 0, 0, 1, reach, 0))


def rainbow(radius: float, line: float, legs: float) -> Shape:
    """A half ring standing on legs, about the ring's centre."""
    half = common(_ring(radius, line), rectangle(-radius, -radius, radius, 0))
    inner = radius - line
    posts = [rectangle(min(side * radius, side * inner), 0, max(side * radius, side * inner), legs) for side in (-1, 1)]
    return joined([half, *posts])


def _ring(radius: float, line: float) -> Shape:
    return cut(circle(0, 0, radius), circle(0, 0, radius - line))


def _moved(shape: Shape, y: float) -> Shape:
    return transformed(shape, (1, 0, 0, 1, 0, y))


def _framed(figure: str, radius: float, parts: list[Shape]) -> Shape:
    return common(FIGURES[figure](radius), joined(parts))


def view_sun(figure: str, radius: float) -> Shape:
    """Of a view inside a figure: the sun, with rays to the edge."""
    r = radius
    beams = _moved(rays(0.52 * r, 2.2 * r, 22, 0.42, start=-116, end=116), -0.18 * r)
    return _framed(figure, radius, [circle(0, -0.18 * r, 0.44 * r), beams])


def view_ridge(figure: str, radius: float, seed: int) -> Shape:
    """Of a view: the mountains."""
    r = radius
    return _framed(
        figure,
        radius,
        [_moved(ridge(2.3 * r, 0.78 * r, seed), 0.42 * r), rectangle(-1.2 * r, 0.41 * r, 1.2 * r, 0.7 * r)],
    )


def view_wood(figure: str, radius: float, seed: int) -> Shape:
    """Of a view: firs on the ground in front."""
    r = radius
    trees = _moved(pines(2.1 * r, 0.5 * r, seed, 11), 0.5 * r)
    return _framed(figure, radius, [trees, rectangle(-1.2 * r, 0.48 * r, 1.2 * r, 1.4 * r)])


def view_lake(figure: str, radius: float, seed: int) -> Shape:
    """Of a view: water in front."""
    r = radius
    swell = _moved(waves(2.4 * r, 0.8 * r, 7, 5 + seed % 3), 0.5 * r)
    return _framed(figure, radius, [swell])


def view_hill(figure: str, radius: float) -> Shape:
    """Of a view: a round hill in front."""
    r = radius
    return _framed(figure, radius, [transformed(circle(0, 0, r), (1.9, 0, 0, 0.6, 0, 1.06 * r))])


FIGURES: dict[str, Callable[[float], Shape]] = {
    "disc": disc, "window": window, "hexagon": hexagon, "shield": shield, "scallop": scallop,
    "heart": heart, "drop": drop, "egg": egg, "badge": badge, "lozenge": lozenge,
}  # fmt: skip

ORNAMENTS: dict[str, Callable[..., Shape]] = {
    draw.__name__: draw
    for draw in (
        rule, star, sparkle, diamond, rays, dashes, disc, sun, ridge, pines, waves, halftone, laurel,
        ribbon, swash, hoop, scallop, burst, hexagon, shield, window, heart, drop, egg, badge, lozenge,
        frame, board, perforated, panel_sun, bow, rainbow,
        view_sun, view_ridge, view_wood, view_lake, view_hill,
        icon_shade, icon_drop, icon_hatch, icon_dots, wear, crackle, brushed, faded,
    )
}  # fmt: skip
