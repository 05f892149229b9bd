"""Layouts led by their picture: sunset, park, icon, arch."""

from __future__ import annotations

import math
import random

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column
from pipeline.designs.breaking import is_weak
from pipeline.designs.chance import chance
from pipeline.designs.layouts.family import (
    GAP,
    WIDE,
    airy,
    flanked,
    headed,
    justified,
    main_motif,
    parted,
    share_for_words,
    trimmed,
)
from pipeline.models import Brief

R = WIDTH / 2


WATER = frozenset(
    {"anchor", "fish", "fish-fins", "frog", "otter", "sailboat", "ship", "shrimp", "umbrella-beach", "water"}
)
"""Pictograms before which there is water, not land."""
LAND = frozenset({
    "bicycle", "campground", "caravan", "cat", "cow", "crow", "dog", "dove", "fire", "hippo", "horse",
    "house-chimney", "kiwi-bird", "motorcycle", "mountain", "mountain-sun", "person-biking",
    "person-hiking", "person-running", "person-skiing", "seedling", "snowman", "tent", "tractor",
    "tree", "truck-pickup", "van-shuttle", "wheat-awn",
})  # fmt: skip
"""Pictograms that may stand on a hill."""


def sunset(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A setting sun in bands of three inks, the pictogram before it, the words below."""
    radius = 0.36 * WIDTH
    inks = ("accent", "third", "fourth")
    bands = [desk.ornament("sun", ink, radius=radius, first=4 * i, last=4 * i + 4) for i, ink in enumerate(inks)]
    sun = around(bands)
    picture = desk.pictogram(main_motif(brief), "ink").fit(1.15 * radius, 1.0 * radius).at(0, 0.3 * radius)
    scene = around([sun, picture.isolated(0.016 * WIDTH)])
    return headed(desk, scene, _caption(desk, brief, rng, 0.7), GAP * 1.4, 0.5, 0.95)


def park(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A view of mountains, trees or water inside a figure, like the poster of a park."""
    figure = rng.choice(("disc", "window", "hexagon"))
    radius = 0.42 * WIDTH
    clip = {"figure": figure, "radius": 0.925 * radius}
    seed = rng.randrange(10**6)
    gap = 0.012 * WIDTH
    scenery = [
        desk.ornament("view_sun", "accent", **clip),
        desk.ornament("view_ridge", "third", **clip, seed=seed).isolated(gap),
    ]
    if rng.random() < 0.5:
        scenery.append(desk.ornament("view_wood", "fourth", **clip, seed=seed).isolated(gap))
    wet = main_motif(brief) in WATER
    front = desk.ornament("view_lake", "ink", **clip, seed=seed) if wet else desk.ornament("view_hill", "ink", **clip)
    scenery.append(front.isolated(gap))
    border = around([
        desk.ornament(figure, "ink", radius=radius),
        desk.ornament(figure, radius=0.965 * radius).knocked_out(),
    ])  # fmt: skip
    picture = desk.pictogram(main_motif(brief), "ink").fit(0.95 * radius, 0.62 * radius)
    picture = picture.moved(-picture.middle[0], 0.475 * radius - picture.box[3]).isolated(gap)
    scene = around([border, *scenery[:-1], picture, *_front(scenery[-1])])
    return headed(desk, scene, _caption(desk, brief, rng, 0.78), GAP * 1.5, 0.55, 1.0)


def _front(hill: Block) -> list[Block]:
    """The hill without its margin: what stands on it is of the same ink and grows out of it."""
    return [Block(hill.layers[1:], hill.box)]


def icon(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The pictogram large, on a ground of rays, dots or a disc; the words as its caption."""
    ground = rng.choice(("disc", "rays", "dots", "plain", "laurel"))
    name = main_motif(brief)
    if desk.picture is not None:
        caption = _caption(desk, brief, rng, 0.82)
        return headed(desk, desk.motif(name), caption, GAP * 1.3, 0.6, 1.1)
    radius = 0.36 * WIDTH
    if ground == "disc":
        picture = around([
            desk.ornament("dashes", "third", inner=1.1 * radius, outer=1.26 * radius, count=40, width=0.018 * WIDTH),
            desk.ornament("disc", "accent", radius=radius),
            desk.pictogram(name).fit(1.3 * radius, 1.16 * radius).at().knocked_out(),
        ])  # fmt: skip
    elif ground == "rays":
        picture = around([
            desk.ornament("rays", "accent", inner=0.42 * radius, outer=1.3 * radius, count=24, fill=0.52),
            desk.pictogram(name, "ink").fit(1.4 * radius, 1.2 * radius).at().isolated(0.03 * WIDTH),
        ])  # fmt: skip
    elif ground == "laurel":
        picture = around([
            desk.ornament("laurel", "third", radius=1.05 * radius),
            desk.pictogram(name, "accent").fit(1.25 * radius, 1.1 * radius).at(0, -0.05 * radius),
        ])  # fmt: skip
    elif ground == "dots":
        dots = desk.ornament("halftone", "accent", width=2.3 * radius, height=1.75 * radius, columns=19)
        picture = around([
            dots.at(),
            desk.pictogram(name, "ink").fit(1.7 * radius, 1.3 * radius).at().isolated(0.022 * WIDTH),
        ])  # fmt: skip
    else:
        glints = [
            desk.ornament("sparkle", "third", radius=s * radius).at(x * radius, y * radius)
            for s, x, y in ((0.17, -1.15, -0.5), (0.11, -0.98, -0.82), (0.17, 1.15, 0.1), (0.1, 1.0, 0.42))
        ]
        picture = around([desk.pictogram(name, "accent").fit(1.8 * radius, 1.6 * radius).at(), *glints])
    return headed(desk, picture, _caption(desk, brief, rng, 0.78), GAP * 1.6, 0.5, 1.0)


def _caption(desk: Desk, brief: Brief, rng: random.Random, picture: float) -> Block:
    """The phrase below a picture of this share of the sheet's width."""
    ratio = share_for_words(desk, picture)
    if desk.pairing.voice == "script":
        lines = parted(brief, desk, (1.0,) if len(brief.phrase) < 15 and ratio < 0.6 else (1.0, 1.0))
        blocks = [desk.lead(trimmed(line), "ink" if i == 0 else "accent").fit(WIDTH, 0.3 * WIDTH)
                  for i, line in enumerate(lines)]  # fmt: skip
        return column(blocks, GAP * 0.6)
    return justified(desk, brief, rng, ratio=ratio, most=3 if desk.ratio < 1 else 4, gap=GAP * 0.9)


def arch(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A line over the pictogram like an arch, the rest straight below."""
    crown, dice = rng.choice(("dashes", "none", "sparkles")), rng.random()
    lines = parted(brief, desk, (1.0,) * max(2, min(3 if desk.ratio < 1 else 4, len(brief.lines))))
    cap = desk.typefaces[desk.pairing.lead].cap_height
    top = trimmed(lines[0])
    span = 0.74 * math.pi
    radius = 0.42 * WIDTH
    size = min(0.2 * WIDTH / cap, span * radius / desk.length(top))
    tracking = min(110.0 if desk.pairing.caps else 20.0, max(0.0, (span * radius / size - desk.length(top)) / len(top)))
    bow = desk.lead(top, "ink", bend="arc", amount=radius / size, tracking=tracking).scaled(size)
    picture = desk.motif(main_motif(brief), "accent").fit(0.62 * WIDTH, 0.54 * WIDTH).at(0, -0.06 * WIDTH)
    parts = [bow, picture]
    if desk.picture is None and crown == "dashes":
        parts[1] = picture.fit(0.44 * WIDTH, 0.38 * WIDTH).at(0, -0.06 * WIDTH)
        parts.append(desk.ornament("dashes", "third", inner=0.29 * WIDTH, outer=0.36 * WIDTH, count=21,
                                   width=0.013 * WIDTH, start=-78, end=78))  # fmt: skip
    elif crown == "sparkles":
        glint = desk.ornament("sparkle", "third", radius=0.055 * WIDTH)
        parts += [glint.at(-0.36 * WIDTH, 0.12 * WIDTH), glint.at(0.36 * WIDTH, 0.12 * WIDTH)]
    blocks = []
    for i, line in enumerate(lines[1:]):
        if is_weak(line):
            blocks.append(flanked(desk, desk.support(line, "ink").fit(0.4 * WIDTH, 0.07 * WIDTH), WIDTH, chance(dice)))
        else:
            blocks.append(desk.lead(trimmed(line), "ink" if i else "accent").fit(WIDTH, 0.34 * WIDTH))
    scene = around(parts)
    if desk.ratio < WIDE:
        return headed(desk, scene, column(blocks, GAP * 1.3), GAP * 1.3, 0.6, 1.2)
    return airy(desk, [scene, *blocks], GAP * 1.3, 1.8)
