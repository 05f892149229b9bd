"""Layouts of many pictograms or of one line: repeat, collage, outline."""

from __future__ import annotations

import math
import random

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column, row
from pipeline.designs.layouts.family import GAP, even, headed, justified, main_motif
from pipeline.models import Brief

FILL = 0.9
"""Of the area's height that a composition of many parts takes: the rest is the air around it."""


def repeat(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A pattern of pictograms over the whole area, the words on a plate in its middle."""
    height = WIDTH * min(desk.ratio, 1.75) * FILL
    columns = rng.choice((6, 7)) - (desk.ratio >= 1.5)
    pitch = WIDTH / columns
    rows = max(3, round(height / pitch))
    rows += 1 - rows % 2
    kinds = _fitting(brief, 3)
    inks = ("accent", "third", "fourth")
    tilt = rng.choice((0, -14, 18))
    half_drop = rng.random() < 0.5
    words = justified(desk, brief, rng, width=0.76 * WIDTH, ratio=0.3 if desk.ratio < 0.7 else 0.48, most=4)
    words = words.fit(0.76 * WIDTH, 0.5 * height).at()
    margin = 0.055 * WIDTH
    plate = _plate(desk, words, margin, rng)
    tiles = []
    for x in range(columns):
        for y in range(rows - (x % 2 if half_drop else 0)):
            number = (x + 2 * y) % len(kinds)
            across = (x - (columns - 1) / 2) * pitch
            down = (y - (rows - 1) / 2 + (0.5 if half_drop and x % 2 else 0)) * pitch
            tile = desk.pictogram(kinds[number], inks[number]).fit(0.68 * pitch, 0.68 * pitch)
            tile = tile.turned(tilt if (x + y) % 2 else -tilt).at(across, down)
            if not _touch(tile, plate, 0.3 * margin):
                tiles.append(tile)
    return around([*tiles, plate, words])


def _touch(one: Block, other: Block, margin: float) -> bool:
    """Whether the boxes are nearer than a margin."""
    (a, b, c, d), (left, top, right, bottom) = one.box, other.box
    return a < right + margin and c > left - margin and b < bottom + margin and d > top - margin


def _plate(desk: Desk, words: Block, margin: float, rng: random.Random) -> Block:
    """What parts the words from the pattern around them."""
    width, height = words.width + 2 * margin, words.height + 2.4 * margin
    if rng.random() < 0.4:
        bar = desk.ornament("rule", "ink", width=WIDTH, height=0.016 * WIDTH)
        return around([bar.at(0, -height / 2), bar.at(0, height / 2)])
    radius = rng.choice((0.0, 0.06, -0.07)) * WIDTH
    return desk.ornament("frame", "ink", width=width, height=height, line=0.016 * WIDTH, radius=radius).at()


def _fitting(brief: Brief, most: int) -> list[str]:
    """The best pictograms, without repetition."""
    return list(dict.fromkeys(brief.motifs))[:most]


def collage(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Everything that belongs to it: pictograms in a wreath or in rows around the words."""
    kinds = _fitting(brief, 4)
    style = rng.choice(("wreath", "rows", "tiles"))
    if style == "wreath" and desk.ratio > 0.8 and len(brief.phrase) < 42:
        return _wreath(desk, brief, kinds)
    if style == "tiles" and len(kinds) >= 3:
        return _tiles(desk, brief, rng, kinds)
    words = justified(desk, brief, rng, ratio=0.5 * min(desk.ratio, 1.2), most=4)
    size = 0.17 * WIDTH
    inks = ("accent", "ink", "third", "ink", "accent")
    upper = [desk.pictogram(kinds[i % len(kinds)], inks[i]).fit(size, size) for i in range(5)]
    lower = [desk.pictogram(kinds[(i + 2) % len(kinds)], inks[(i + 1) % 5]).fit(size, size) for i in range(5)]
    return column([_spaced(upper), words, _spaced(lower)], GAP * 1.7)


def _spaced(blocks: list[Block]) -> Block:
    """Across the sheet at equal distances."""
    room = (WIDTH - sum(block.width for block in blocks)) / (len(blocks) - 1)
    return row(blocks, room)


def _wreath(desk: Desk, brief: Brief, kinds: list[str]) -> Block:
    radius = 0.42 * WIDTH
    count = 20
    inks = ("accent", "third", "ink")
    size = 0.17 * WIDTH
    ring = []
    for i in range(count):
        angle = math.tau * i / count
        x, y = radius * math.sin(angle), -radius * math.cos(angle)
        if i % 2:
            ring.append(desk.ornament("sparkle", "third", radius=0.026 * WIDTH).at(x, y))
        else:
            number = (i // 2) % len(kinds)
            piece = desk.pictogram(kinds[number], inks[(i // 2) % 3]).fit(size, size)
            ring.append(piece.at(x, y))
    words = even(desk, brief, ratio=0.8, most=4, leading=0.34).at()
    free = 2 * (radius - 0.62 * size)
    return around([*ring, words.scaled(free / math.hypot(words.width, words.height))])


def _tiles(desk: Desk, brief: Brief, rng: random.Random, kinds: list[str]) -> Block:
    """Rounded tiles, alternately solid and framed, with a pictogram in each; the words below."""
    across = 3 if desk.ratio > 0.8 else 4
    down = 2 if desk.ratio > 0.8 else 1
    gap = 0.03 * WIDTH
    side = (WIDTH - gap * (across - 1)) / across
    tiles = []
    for y in range(down):
        for x in range(across):
            name = kinds[(x + y * (across - 1)) % len(kinds)]
            place = ((x - (across - 1) / 2) * (side + gap), y * (side * 0.86 + gap))
            if (x + y) % 2:
                tile = desk.ornament("frame", "ink", width=side, height=side * 0.86, line=0.016 * WIDTH,
                                     radius=0.05 * WIDTH)  # fmt: skip
                picture = desk.pictogram(name, "accent").fit(0.6 * side, 0.56 * side)
                tiles += [tile.at(*place), picture.at(*place)]
            else:
                tile = desk.ornament("board", ("accent", "ink")[y % 2], width=side, height=side * 0.86,
                                     radius=0.05 * WIDTH)  # fmt: skip
                picture = desk.pictogram(name).fit(0.6 * side, 0.56 * side)
                tiles += [tile.at(*place), picture.at(*place).knocked_out()]
    words = justified(desk, brief, rng, ratio=0.46, most=4)
    return column([around(tiles), words], GAP * 1.3)


def outline(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """One thin line: the pictogram in contour on a line that runs on to both sides, quiet words below."""
    stroke = 0.013 * WIDTH
    name = main_motif(brief)
    size = 0.62 * WIDTH * min(1.0, max(0.5, 0.9 * desk.ratio))
    picture = desk.pictogram(name, "ink").fit(0.9 * size, size)
    thin = picture.grown(-0.45 * stroke).lined(stroke)
    style = rng.choice(("ground", "orbit", "sun"))
    if style == "ground":
        length = (WIDTH - picture.width) / 2 - 0.03 * WIDTH
        y = picture.box[3] - 0.06 * picture.height
        bars = [desk.ornament("rule", "ink", width=length, height=stroke).at(
                    picture.middle[0] + side * (picture.width / 2 + 0.03 * WIDTH + length / 2), y)
                for side in (-1, 1)]  # fmt: skip
        scene = around([thin, *bars])
    elif style == "orbit":
        hoop = desk.ornament("hoop", "accent", radius=0.66 * size, width=stroke)
        scene = around([hoop.at(*picture.middle), thin])
    else:
        disc = desk.ornament("disc", "accent", radius=0.4 * size).at(picture.middle[0] + 0.2 * size,
                                                                    picture.middle[1] - 0.16 * size)  # fmt: skip
        scene = around([disc, picture.knocked_out(0.9 * stroke), thin])
    lines = even(desk, brief, ratio=0.3, most=3, face="support", leading=0.7).fit(0.94 * WIDTH, 0.34 * WIDTH)
    return headed(desk, scene, lines, GAP * 1.9, 0.4, 0.9)
