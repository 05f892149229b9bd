"""Layouts that quote a printed thing: big number, tarot card, postage stamp, seventies' stripes."""

from __future__ import annotations

import random

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column
from pipeline.designs.layouts.family import GAP, even, flanked, headed, justified, main_motif, trimmed
from pipeline.models import Brief

NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XIII", "XVII", "XIX", "XXI")


def has_number(brief: Brief) -> bool:
    """Whether a word of the phrase starts with a digit: a year, an age, a quantity."""
    return _number_at(brief.phrase.split()) is not None


def _number_at(words: list[str]) -> int | None:
    return next((i for i, word in enumerate(words) if word[0].isdigit() and len(word.rstrip(",.!?")) <= 6), None)


def big_number(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The number of the phrase as large as the sheet, cased like a jersey's; the words above and below it."""
    words = brief.phrase.split()
    at = _number_at(words)
    if at is None:
        return justified(desk, brief, rng, ratio=0.9 * min(1.2, desk.ratio))
    above, number, below = " ".join(words[:at]), words[at].rstrip(",.!?"), " ".join(words[at + 1 :])
    high = 0.62 * WIDTH * min(1.0, desk.ratio)
    figure = desk.lead(number, "accent").fit(WIDTH, high)
    gap, edge = 0.012 * WIDTH, 0.016 * WIDTH
    cased = around([figure.grown(gap + edge).inked("ink"), figure.knocked_out(gap), figure])
    blocks: list[Block] = []
    if above:
        blocks.append(flanked(desk, desk.support(trimmed(above)).fit(0.9 * WIDTH, 0.13 * WIDTH), WIDTH, rng))
    blocks.append(cased)
    if below:
        rest = brief.model_copy(update={"phrase": below, "lines": (below,), "emphasis": ()})
        blocks.append(justified(desk, rest, rng, width=WIDTH, ratio=0.3, most=3, inks=("ink", "ink")))
    told = column(blocks, GAP * 1.5)
    return headed(desk, desk.motif(main_motif(brief), "third"), told, GAP * 1.5, 0.24, 0.5)


def tarot(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A card of the tarot: a tall frame, a numeral, rays behind the pictogram, the phrase as its title."""
    width = 0.74 * WIDTH
    height = width * min(1.62, max(1.0, 1.26 * desk.ratio))
    line = 0.016 * WIDTH
    outer = desk.ornament("frame", "ink", width=width, height=height, line=line, radius=0.06 * WIDTH)
    inset = 0.075 * WIDTH
    inner = desk.ornament("frame", "ink", width=width - inset, height=height - inset, line=0.45 * line,
                          radius=rng.choice((-0.07, 0.03)) * WIDTH)  # fmt: skip
    title = even(desk, brief, ratio=0.24, most=2, leading=0.4).fit(0.72 * width, 0.17 * height)
    numeral = desk.support(rng.choice(NUMERALS), "ink", tracking=120.0).fit(0.2 * width, 0.05 * height)
    top, bottom = -height / 2 + 0.5 * inset, height / 2 - 0.5 * inset
    head = flanked(desk, numeral, 0.7 * width, rng).at(0, top + 0.055 * height + numeral.height / 2)
    foot = title.at(0, bottom - 0.05 * height - title.height / 2)
    upper, lower = head.box[3] + 0.03 * height, foot.box[1] - 0.04 * height
    middle, room = (upper + lower) / 2, lower - upper
    radius = min(0.4 * width, 0.48 * room)
    halo = rng.choice(("rays", "dashes", "moons"))
    parts: list[Block] = []
    picture = desk.motif(main_motif(brief), "ink").fit(1.16 * radius, 1.08 * radius).at(0, middle)
    if halo == "rays":
        parts.append(
            desk.ornament("rays", "accent", inner=0.3 * radius, outer=radius, count=24, fill=0.45).at(0, middle)
        )
    elif halo == "dashes":
        parts.append(desk.ornament("dashes", "accent", inner=0.78 * radius, outer=radius, count=36,
                                   width=0.011 * WIDTH).at(0, middle))  # fmt: skip
    else:
        parts.append(desk.ornament("disc", "accent", radius=0.86 * radius).at(0, middle))
    stars = [
        desk.ornament("sparkle", "third", radius=size * radius).at(x * width, middle + y * room)
        for size, x, y in ((0.14, -0.36, -0.34), (0.14, 0.36, -0.34), (0.1, -0.38, 0.36), (0.1, 0.38, 0.36))
    ]
    return around([outer, inner, head, *parts, *stars, picture.isolated(0.018 * WIDTH), foot])


def postage(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """A postage stamp: perforated edge, a picture on a ground, the phrase along its foot."""
    width = WIDTH
    height = width * min(1.3, max(0.66, desk.ratio))
    sheet = desk.ornament("perforated", "ink", width=width, height=height, pitch=0.062 * WIDTH)
    border = 0.11 * WIDTH
    words = justified(desk, brief, rng, width=width - 2.4 * border, ratio=0.3, most=3, inks=("ink", "ink"), rules=False)
    words = words.fit(width - 2.4 * border, 0.36 * height)
    foot = words.at(0, height / 2 - border - words.height / 2)
    top, bottom = -height / 2 + border, foot.box[1] - 0.5 * border
    ground = desk.ornament("board", width=width - 2 * border, height=bottom - top).at(0, (top + bottom) / 2)
    scene = desk.ornament("panel_sun", "accent", width=width - 2.4 * border, height=bottom - top - 0.4 * border)
    scene = scene.at(0, (top + bottom) / 2)
    picture = desk.motif(main_motif(brief), "ink").fit(0.6 * width, 0.8 * (bottom - top - 0.4 * border))
    picture = picture.at(0, (top + bottom) / 2)
    return around([sheet, ground.knocked_out(), scene, picture.isolated(0.02 * WIDTH), foot.knocked_out()])


def stripes(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Four bands of colour that run round a bend, as on a van of the seventies, the pictogram in the bow."""
    inks = ("fourth", "third", "accent", "ink")
    radius = 0.39 * WIDTH * min(1.0, max(0.7, desk.ratio))
    thick, gap = 0.092 * radius, 0.032 * radius
    hollow = radius - len(inks) * (thick + gap)
    if rng.random() < 0.5:
        bands = [
            desk.ornament("bow", ink, radius=radius - i * (thick + gap), line=thick,
                          reach=WIDTH / 2 - radius, left=WIDTH - radius)
            for i, ink in enumerate(inks)
        ]  # fmt: skip
        at, room = (-0.5 * hollow, 0.0), (WIDTH - radius, 1.5 * hollow)
    else:
        bands = [
            desk.ornament("rainbow", ink, radius=radius - i * (thick + gap), line=thick, legs=0.5 * radius)
            for i, ink in enumerate(inks)
        ]  # fmt: skip
        at, room = (0.0, 0.08 * radius), (1.6 * hollow, 1.5 * hollow)
    art = around(bands)
    picture = desk.motif(main_motif(brief), "ink").fit(*room).at(*at)
    words = justified(desk, brief, rng, ratio=0.42 * min(1.2, desk.ratio), most=3)
    return headed(desk, around([art, picture]), words, GAP * 1.4, 0.5, 0.95)
