"""Layouts inside a figure: roundel, patch, stamp, ribbon, label."""

from __future__ import annotations

import math
import random

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column, row
from pipeline.designs.breaking import hero, is_weak
from pipeline.designs.chance import chance
from pipeline.designs.layouts.family import (
    GAP,
    WIDE,
    airy,
    even,
    filling,
    flanked,
    justified,
    main_motif,
    parted,
    trimmed,
)
from pipeline.designs.shapes import transformed
from pipeline.models import Brief

R = WIDTH / 2


def roundel(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Words around a ring, the pictogram or the emphasis in the middle."""
    three = parted(brief, desk, (1.0, 0.7, 1.0))
    if len(brief.phrase) > 24 and len(brief.lines) > 2 and not is_weak(three[1]) and desk.picture is None:
        top, middle, bottom = three
    else:
        (top, bottom), middle = parted(brief, desk, (1.0, 1.0)), ""
    edge, dashed = rng.choice(("hoop", "scallop", "burst", "twin")), rng.random() < 0.55
    outer = _edge(desk, edge)
    inner = desk.ornament("hoop", "ink", radius=0.635 * R, width=0.012 * R)
    track = 0.775 * R
    upper, a = _on_ring(desk, trimmed(top), track, "arc")
    lower, b = _on_ring(desk, trimmed(bottom), track, "smile")
    free = math.pi - (a + b) / 2
    parts = [outer, inner, upper, lower]
    if free > 0.2:
        for side in (-1, 1):
            turn = side * (a / 2 + free / 2)
            mark = desk.ornament("star", "accent", radius=0.07 * R).at(track * math.sin(turn), -track * math.cos(turn))
            parts.append(mark)
    if middle:
        word = desk.lead(trimmed(middle), "accent", caps=True).fit(1.06 * R, 0.36 * R).at()
        gap = 0.08 * R
        above = desk.motif(main_motif(brief), "ink").fit(0.5 * R, 0.27 * R)
        below = desk.ornament("star", "ink", radius=0.055 * R)
        parts += [word, above.at(0, word.box[1] - gap - above.height / 2)]
        parts.append(row([below] * 3, 0.06 * R).at(0, word.box[3] + gap + below.height / 2))
    elif desk.picture is not None:
        parts.append(desk.motif(main_motif(brief)).fit(0.9 * R, 0.86 * R).at())
    elif dashed:
        parts.append(desk.ornament("dashes", "ink", inner=0.46 * R, outer=0.58 * R, count=32, width=0.016 * R))
        parts.append(desk.pictogram(main_motif(brief), "accent").fit(0.62 * R, 0.56 * R).at())
    else:
        parts.append(desk.ornament("disc", "accent", radius=0.585 * R))
        parts.append(desk.pictogram(main_motif(brief)).fit(0.74 * R, 0.66 * R).at().knocked_out())
    return around(parts)


def _edge(desk: Desk, style: str) -> Block:
    if style in ("scallop", "burst"):
        figure = desk.ornament(style, "ink", radius=1.06 * R)
        return around([figure, desk.ornament("disc", radius=0.955 * R).knocked_out()])
    thick = desk.ornament("hoop", "ink", radius=R, width=0.04 * R)
    if style == "twin":
        return around([thick, desk.ornament("hoop", "accent", radius=0.935 * R, width=0.012 * R)])
    return thick


def _on_ring(desk: Desk, text: str, track: float, bend: str) -> tuple[Block, float]:
    """Text whose capitals are centred on a circle of radius `track`, and the angle it takes up (radians)."""
    cap = desk.typefaces[desk.pairing.lead].cap_height
    natural = desk.length(text, caps=True)
    widest = 0.86 * math.pi
    size = min(0.21 * R / cap, 0.94 * widest * track / natural)
    baseline = track - cap * size / 2 if bend == "arc" else track + cap * size / 2
    spare = max(0.0, 0.62 * math.pi * track / size - natural) / max(len(text), 1)
    crowded = max(0.0, baseline / track - 1) * natural / len(text)
    tracking = min(260.0, spare) + 1.2 * crowded
    block = desk.lead(text, "ink", caps=True, bend=bend, amount=baseline / size, tracking=tracking).scaled(size)
    return block, (natural + tracking * len(text)) * size / baseline


def patch(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A solid figure with pictogram and words left open in it."""
    figure = rng.choice(("disc", "shield", "hexagon", "window", "scallop"))
    solid = desk.ornament(figure, "ink", radius=R)
    groove_ = desk.ornament(figure, radius=0.925 * R).knocked_out()
    core = desk.ornament(figure, "ink", radius=0.9 * R)
    wide = 1.3 * R
    words = justified(desk, brief, rng, width=wide, ratio=0.62, most=4, inks=("ink", "ink"), gap=0.07 * R)
    stars = row([desk.ornament("star", radius=0.06 * R)] * 3, 0.05 * R)
    bodies = []
    for high in (0.4, 0.55, 0.75):
        parts = [desk.pictogram(main_motif(brief)).fit(0.95 * R, high * R), words]
        if figure in ("shield", "disc", "scallop"):
            parts.append(stars)
        bodies.append(_inside(desk, column(parts, 0.11 * R), figure))
    body = max(bodies, key=lambda block: block.width * block.height)
    return around([solid, groove_, core, body.knocked_out()])


def _inside(desk: Desk, block: Block, figure: str) -> Block:
    """The block as large as it can be inside the figure of radius R, with an even margin, as central as it can be."""
    room = desk.area(desk.ornament(figure, radius=0.8 * R))
    block = block.at()
    shape = desk.area(block).convex_hull

    def largest(y: float) -> float:
        low, high = 0.0, 3.0
        for _ in range(12):
            factor = (low + high) / 2
            fits = room.contains(transformed(shape, (factor, 0, 0, factor, 0, y)))
            low, high = (factor, high) if fits else (low, factor)
        return low

    sizes = {y: largest(y) for y in (0.03 * step * R for step in range(-9, 10))}
    best = max(sizes.values())
    near = [y for y, size in sizes.items() if size > 0.985 * best]
    y = near[len(near) // 2]
    return block.scaled(sizes[y]).moved(0, y)


def stamp(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A worn rubber stamp: a double frame, set askew."""
    dice, radius, seed, turn = rng.random(), rng.choice((0.08, -0.09, 0.0)) * WIDTH, rng.randrange(10**6), rng.choice(
        (-6, -4, 5)
    )  # fmt: skip
    wide = 0.84 * WIDTH
    room = desk.ratio * 1.02 - 0.2
    picture = desk.pictogram(main_motif(brief), "accent").fit(0.44 * WIDTH, 0.22 * WIDTH)
    share = max(0.3, room - 0.3) if desk.ratio >= WIDE else room
    words = justified(desk, brief, chance(dice), width=wide, ratio=share / 0.84, most=5)
    blocks = [words]
    if desk.ratio >= WIDE:
        high = min(max(room * WIDTH - words.height - 1.2 * GAP, 0.16 * WIDTH), 0.34 * WIDTH)
        blocks.insert(0, flanked(desk, picture.fit(0.5 * WIDTH, high), wide, chance(dice)))
    inside = column(blocks, GAP * 1.2).at()
    width, height = inside.width + 0.22 * WIDTH, inside.height + 0.24 * WIDTH
    outer = desk.ornament("frame", "ink", width=width, height=height, line=0.026 * WIDTH, radius=radius)
    second = 0.075 * WIDTH
    inner = desk.ornament("frame", "ink", width=width - second, height=height - second, line=0.008 * WIDTH,
                          radius=radius * 0.9)  # fmt: skip
    wear = desk.ornament("wear", width=width, height=height, seed=seed).knocked_out()
    whole = around([outer, inner, inside])
    return desk.tight(Block((*whole.layers, *wear.layers), whole.box).turned(turn))


def ribbon(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The emphasis left open in a banner, the other lines around it."""
    dice = rng.random()
    lines = filling(desk, brief, ratio=max(0.4, desk.ratio - 0.5), most=4, fewest=2, small=0.11, tallest=0.3)
    lead = hero(lines, brief.emphasis)
    blocks: list[Block] = []
    for i, line in enumerate(lines):
        text = trimmed(line)
        if i == lead:
            word = desk.lead(text).fit(0.74 * WIDTH, 0.3 * WIDTH)
            height = word.height + 0.12 * WIDTH
            band = desk.ornament("ribbon", "accent", width=0.84 * WIDTH, height=height, tail=0.085 * WIDTH)
            blocks.append(around([band, word.at().knocked_out()]))
        elif is_weak(line):
            blocks.append(flanked(desk, desk.hand(line).fit(0.5 * WIDTH, 0.11 * WIDTH), 0.8 * WIDTH, chance(dice)))
        elif i == 0:
            bowed = desk.lead(text, "ink", bend="rise", amount=0.1 * desk.length(text))
            blocks.append(bowed.fit(WIDTH, 0.46 * WIDTH))
        else:
            blocks.append(desk.lead(text, "ink").fit(0.96 * WIDTH, 0.34 * WIDTH))
    room = desk.height - sum(block.height + GAP * 1.2 for block in blocks)
    picture = desk.pictogram(main_motif(brief), "third").fit(0.6 * WIDTH, min(max(room, 0.2 * WIDTH), 0.46 * WIDTH))
    blocks.insert(lead, picture)
    return airy(desk, blocks, GAP * 1.2, 1.8)


def label(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """An old apothecary's label: frame, corners, hairlines, the phrase set evenly."""
    dice, radius = rng.random(), rng.choice((-0.11, -0.16, 0.0)) * WIDTH
    room = max(desk.height, 0.5 * WIDTH) - 0.26 * WIDTH
    share = (0.6 if desk.picture else 0.34) * room
    high = room - share if desk.ratio >= WIDE else room
    words = even(desk, brief, ratio=0.9 * high / (0.8 * WIDTH), most=5, leading=0.42).fit(0.8 * WIDTH)
    picture = desk.motif(main_motif(brief), "accent").fit(0.7 * WIDTH, share - GAP)
    point = desk.ornament("diamond", "accent", radius=0.022 * WIDTH)
    foot = flanked(desk, row([point] * 3, 0.02 * WIDTH), 0.6 * WIDTH, chance(0), "ink")
    crown = picture if desk.picture else flanked(desk, picture, 0.8 * WIDTH, chance(dice), "ink")
    stacked = [crown, words, foot] if desk.ratio >= WIDE else [words]
    if desk.picture and desk.ratio < WIDE:
        stacked = [row([picture.fit(0.3 * WIDTH, room), words.fit(0.5 * WIDTH)], GAP)]
    body = column(stacked, GAP * 1.7).at().fit(0.8 * WIDTH, room)
    height = body.height + 0.28 * WIDTH
    outer = desk.ornament("frame", "ink", width=WIDTH, height=height, line=0.018 * WIDTH, radius=radius)
    inner = desk.ornament("frame", "ink", width=WIDTH - 0.09 * WIDTH, height=height - 0.09 * WIDTH,
                          line=0.006 * WIDTH, radius=radius * 0.95)  # fmt: skip
    return around([outer, inner, body])
