"""Layouts led by their words: stack, swash, quiet, echo, groove, varsity."""

from __future__ import annotations

import math
import random

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column, row
from pipeline.designs.breaking import Lines, best_breaks, emphatic, hero, is_weak, spread
from pipeline.designs.layouts.family import (
    GAP,
    even,
    flanked,
    justified,
    main_motif,
    outlined,
    parted,
    parts_for,
    trimmed,
)
from pipeline.models import Brief


def stack(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Lines of equal width, each in its own size, like a poster."""
    crest = rng.choice(("none", "icon", "icon", "rays"))
    relief = desk.pairing.voice != "rough" and rng.random() < 0.4
    words = justified(desk, brief, rng, ratio=1.08 if crest == "none" else 0.82, relief=relief)
    if crest == "none":
        bar = desk.ornament("rule", "accent", width=WIDTH, height=0.018 * WIDTH)
        return column([bar, words, bar], GAP * 1.2) if rng.random() < 0.5 else words
    picture = desk.pictogram(main_motif(brief), "accent").fit(0.34 * WIDTH, 0.26 * WIDTH)
    if crest == "icon":
        return column([flanked(desk, picture, 0.94 * WIDTH, rng, "ink"), words], GAP * 1.3)
    sun = desk.ornament("dashes", "ink", inner=0.22 * WIDTH, outer=0.29 * WIDTH, count=17, width=0.016 * WIDTH,
                        start=-96, end=96)  # fmt: skip
    return column([around([sun, picture.at(0, -0.07 * WIDTH)]), words], GAP * 1.4)


def swash(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The emphasis in a large hand with a swash under it, the rest in small spaced capitals."""

    def written(lines: Lines) -> int:
        """Of the lines with the emphasis the one that a pen would write best: neither short nor long."""
        marked = [i for i, line in enumerate(lines) if emphatic(line, brief.emphasis)] or [hero(lines, ())]
        return min(marked, key=lambda i: abs(len(lines[i]) - 8))

    def cost(lines: Lines) -> float:
        lead = written(lines)
        missed = 0.0 if not brief.emphasis or emphatic(lines[lead], brief.emphasis) else 2.0
        extra = sum(not emphatic(word, brief.emphasis) for word in lines[lead].split()) if brief.emphasis else 0
        long = sum(max(0, len(line) - 24) for i, line in enumerate(lines) if i != lead)
        return missed + 0.3 * extra + 0.3 * max(0, abs(len(lines[lead]) - 8) - 3) + 0.1 * long + 0.25 * len(lines)

    lines = best_breaks(brief.lines, 4, cost, meaning=0.8)
    lead = written(lines)
    blocks: list[Block] = []
    for i, line in enumerate(lines):
        if i == lead:
            word = desk.tight(desk.lead(trimmed(line), "accent").fit(WIDTH, 0.42 * WIDTH).turned(-5))
            stroke = desk.ornament("swash", "accent", width=0.72 * word.width, height=0.055 * WIDTH).turned(-4)
            tail = stroke.below(word.box[3] - 0.02 * WIDTH).moved(word.middle[0] + 0.06 * WIDTH, 0)
            blocks.append(around([word, tail]) if i == len(lines) - 1 or rng.random() < 0.5 else word)
        else:
            small = desk.support(trimmed(line), "ink").fit(0.82 * WIDTH, 0.105 * WIDTH)
            blocks.append(flanked(desk, small, 0.8 * WIDTH, rng) if is_weak(line) or small.width < 0.4 * WIDTH
                          else small)  # fmt: skip
    if lead == len(lines) - 1 or rng.random() < 0.6:
        picture = desk.pictogram(main_motif(brief), "ink").fit(0.3 * WIDTH, 0.2 * WIDTH)
        blocks.insert(0, flanked(desk, picture, 0.7 * WIDTH, rng))
    return column(blocks, GAP * 1.25)


def quiet(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Even lines with much air, one small pictogram, hairlines."""
    words = even(desk, brief, ratio=0.62, most=5, leading=0.45).fit(WIDTH, 0.85 * WIDTH)
    picture = desk.pictogram(main_motif(brief), "accent").fit(0.26 * WIDTH, 0.22 * WIDTH)
    style = rng.choice(("plain", "ring", "rules", "bars"))
    if style == "ring":
        radius = 0.2 * WIDTH
        picture = around([
            desk.ornament("hoop", "ink", radius=radius, width=0.008 * WIDTH),
            picture.fit(1.1 * radius, 0.95 * radius).at(),
        ])  # fmt: skip
    elif style == "rules":
        picture = flanked(desk, picture, WIDTH, rng, "ink")
    elif style == "bars":
        bar = desk.ornament("rule", "ink", width=WIDTH, height=0.008 * WIDTH)
        return column([picture, bar, words, bar], GAP * 1.7)
    return column([picture, words], GAP * 2)


def echo(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The phrase again and again: outlines above and below, one of them solid."""
    cap = desk.typefaces[desk.pairing.lead].cap_height

    def cost(lines: Lines) -> float:
        widths = [desk.length(trimmed(line)) for line in lines]
        return abs(math.log(len(lines) * cap / max(widths) / 0.3)) + 0.8 * spread(widths)

    lines = best_breaks(brief.lines, 1 if len(brief.phrase) <= 16 else 2, cost, meaning=0.8)
    block = column([desk.lead(trimmed(line)).fit(WIDTH, 0.34 * WIDTH) for line in lines], GAP * 0.8)
    times = max(3, min(5, round(1.1 * WIDTH / block.height)))
    solid = times // 2
    line = 0.0075 * WIDTH
    copies = []
    for i in range(times):
        ink = ("third", "accent", "ink", "accent", "third")[(i - solid) + 2]
        copies.append(block.inked("ink") if i == solid else block.grown(-0.3 * line).inked(ink).lined(line))
    whole = column(copies, GAP * 0.9)
    if rng.random() < 0.5:
        return whole
    return column([desk.pictogram(main_motif(brief), "accent").fit(0.3 * WIDTH, 0.2 * WIDTH), whole], GAP * 1.3)


def groove(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Fat letters swollen or swaying, with rings of colour around them."""
    lines = parted(brief, desk, parts_for(brief, 4))
    style = rng.choice(("bulge", "wave", "lens"))
    blocks = []
    for i, line in enumerate(lines):
        text = trimmed(line)
        bend = {"bulge": "bulge", "wave": "wave", "lens": "sag" if i % 2 else "bulge"}[style]
        amount = 0.055 * desk.length(text) if style == "wave" else 420.0
        ink = "accent" if i == hero(lines, brief.emphasis) else "ink"
        highest = (0.15 if is_weak(line) else 0.52) * WIDTH
        blocks.append(desk.lead(text, ink, bend=bend, amount=amount).fit(WIDTH, highest))
    words = column(blocks, GAP * (0.4 if style == "wave" else 0.9))
    edges = [
        words.inked("fourth").grown(0.058 * WIDTH),
        words.knocked_out(0.044 * WIDTH),
        words.inked("third").grown(0.034 * WIDTH),
        words.knocked_out(0.018 * WIDTH),
    ]
    whole = around([*edges, words])
    picture = desk.pictogram(main_motif(brief), "accent").fit(0.24 * WIDTH, 0.22 * WIDTH)
    if rng.random() < 0.6:
        glint = desk.ornament("sparkle", "third", radius=0.06 * WIDTH)
        return column([row([glint, picture, glint], GAP), whole], GAP * 2.3)
    return whole


def varsity(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """An arched line with the pictogram in its bay, outlined letters below: the back of a letter jacket."""
    lines = parted(brief, desk, parts_for(brief, 4))
    lead = hero(lines, brief.emphasis)
    gap, edge = 0.011 * WIDTH, 0.014 * WIDTH
    top = trimmed(lines[0])
    bowed = desk.lead(top, bend="rise", amount=0.17 * desk.length(top)).fit(WIDTH, 0.6 * WIDTH)
    bay = 0.17 * bowed.width
    bowed = outlined(bowed, "accent", gap, edge) if lead == 0 else bowed
    picture = desk.pictogram(rng.choice(brief.motifs), "accent").fit(0.32 * WIDTH, 0.2 * WIDTH)
    star = desk.ornament("star", "ink", radius=0.035 * WIDTH)
    crest = row([star, picture, star], 0.05 * WIDTH)
    arch = bowed.below(0)
    blocks = [around([arch, crest.below(arch.height - 0.5 * bay + 0.4 * GAP)])]
    for i, line in enumerate(lines[1:], start=1):
        if is_weak(line):
            blocks.append(flanked(desk, desk.support(line, "accent").fit(0.5 * WIDTH, 0.09 * WIDTH), WIDTH, rng))
        elif i == lead:
            blocks.append(outlined(desk.lead(trimmed(line)).fit(WIDTH, 0.36 * WIDTH), "accent", gap, edge))
        else:
            blocks.append(desk.lead(trimmed(line), "accent" if lead == 0 else "ink").fit(WIDTH, 0.3 * WIDTH))
    return column(blocks, GAP * 1.4)
