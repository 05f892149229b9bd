"""Layouts led by their words: stack, swash, quiet, echo, groove, varsity."""

from __future__ import annotations

import math
import random

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column, row
from pipeline.designs.breaking import Lines, best_breaks, emphatic, hero, is_weak, spread
from pipeline.designs.chance import chance
from pipeline.designs.layouts.family import (
    GAP,
    WIDE,
    airy,
    even,
    filling,
    flanked,
    headed,
    justified,
    main_motif,
    outlined,
    share_for_words,
    trimmed,
)
from pipeline.models import Brief


def stack(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Lines of equal width, each in its own size, like a poster."""
    crest = rng.choice(("none", "icon", "icon", "rays")) if desk.picture is None else "picture"
    relief = rng.random() < 0.4 and desk.pairing.voice != "rough"
    barred = rng.random() < 0.5
    dice = rng.random()
    if crest == "none":
        words = justified(desk, brief, chance(dice), ratio=0.96 * desk.ratio, relief=relief)
        bar = desk.ornament("rule", "accent", width=WIDTH, height=0.018 * WIDTH)
        return airy(desk, [bar, words, bar], GAP * 1.2, 1.5) if barred else words
    share = 0.62 if crest == "picture" else 0.34
    words = justified(desk, brief, chance(dice), ratio=share_for_words(desk, share), relief=relief)
    picture = desk.motif(main_motif(brief), "accent").fit(0.46 * WIDTH, 0.26 * WIDTH)
    if crest == "icon":
        crown = picture if desk.ratio < WIDE else flanked(desk, picture, 0.94 * WIDTH, chance(dice), "ink")
        return headed(desk, crown, words, GAP * 1.3, 0.2, 0.27)
    if crest == "rays":
        sun = desk.ornament("dashes", "ink", inner=0.22 * WIDTH, outer=0.29 * WIDTH, count=17, width=0.016 * WIDTH,
                            start=-96, end=96)  # fmt: skip
        crown = around([sun, picture.fit(0.34 * WIDTH).at(0, -0.07 * WIDTH)])
        return headed(desk, crown, words, GAP * 1.4, 0.3, 0.5)
    return headed(desk, picture, words, GAP * 1.3, 0.5, 0.85)


def swash(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The emphasis in a large hand with a swash under it, the rest in small spaced capitals."""
    stroked, pictured, dice = rng.random() < 0.5, rng.random() < 0.6, rng.random()

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

    lines = best_breaks(brief.lines, 4, cost, meaning=1.0, wholes=brief.emphasis)
    lead = written(lines)
    others = [desk.support(trimmed(line)) for i, line in enumerate(lines) if i != lead and not is_weak(line)]
    high = min([0.13 * WIDTH, *(1.3 * other.fit(0.9 * WIDTH).height for other in others)])
    blocks: list[Block] = []
    for i, line in enumerate(lines):
        if i == lead:
            word = desk.tight(desk.lead(trimmed(line), "accent").fit(WIDTH, 0.46 * WIDTH).turned(-5))
            stroke = desk.ornament("swash", "accent", width=0.72 * word.width, height=0.055 * WIDTH).turned(-4)
            tail = stroke.below(word.box[3] - 0.02 * WIDTH).moved(word.middle[0] + 0.06 * WIDTH, 0)
            blocks.append(around([word, tail]) if i == len(lines) - 1 or stroked else word)
        else:
            small = desk.support(trimmed(line), "ink").fit(0.9 * WIDTH, 0.75 * high if is_weak(line) else high)
            blocks.append(flanked(desk, small, 0.9 * WIDTH, chance(dice)) if is_weak(line) or small.width < 0.45 * WIDTH
                          else small)  # fmt: skip
    words = column(blocks, GAP * 1.25)
    if not pictured and words.height > 0.7 * desk.height:
        return airy(desk, blocks, GAP * 1.25)
    picture = desk.pictogram(main_motif(brief), "ink").fit(0.5 * WIDTH, 0.3 * WIDTH)
    crown = picture if desk.ratio < WIDE else flanked(desk, picture, 0.8 * WIDTH, chance(dice))
    return headed(desk, crown, words, GAP * 1.6, 0.16, 0.42)


def quiet(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Even lines with much air, one small pictogram, hairlines."""
    style, dice = rng.choice(("plain", "ring", "rules", "bars")), rng.random()
    words = even(desk, brief, ratio=0.8 * share_for_words(desk, 0.34), most=6, leading=0.45).fit(WIDTH)
    picture = desk.pictogram(main_motif(brief), "accent").fit(0.4 * WIDTH, 0.24 * WIDTH)
    if style == "ring":
        radius = 0.2 * WIDTH
        picture = around([
            desk.ornament("hoop", "ink", radius=radius, width=0.008 * WIDTH),
            picture.fit(1.1 * radius, 0.95 * radius).at(),
        ])  # fmt: skip
    elif style == "rules" and desk.ratio >= WIDE:
        picture = flanked(desk, picture, WIDTH, chance(dice), "ink")
    elif style == "bars":
        bar = desk.ornament("rule", "ink", width=WIDTH, height=0.008 * WIDTH)
        words = airy(desk, [bar, words, bar], GAP * 1.7, 1.0)
    return headed(desk, picture, words, GAP * 2, 0.2, 0.42)


def echo(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The phrase again and again: outlines above and below, one of them solid."""
    crowned = rng.random() < 0.5
    cap = desk.typefaces[desk.pairing.lead].cap_height
    room = desk.height - (0.24 * WIDTH if crowned else 0)

    def cost(lines: Lines) -> float:
        widths = [desk.length(trimmed(line)) for line in lines]
        return abs(math.log(len(lines) * cap / max(widths) / (0.25 * room / WIDTH))) + 0.8 * spread(widths)

    lines = best_breaks(brief.lines, 1 if len(brief.phrase) <= 16 else 2, cost, meaning=1.0, wholes=brief.emphasis)
    block = column([desk.lead(trimmed(line)).fit(WIDTH, 0.34 * WIDTH) for line in lines], GAP * 0.8)
    times = max(3, min(7, round((room + GAP) / (block.height + GAP))))
    solid = times // 2
    line = 0.0075 * WIDTH
    copies = []
    for i in range(times):
        ink = ("ink", "accent", "third")[min(abs(i - solid), 2)]
        copies.append(block.inked("ink") if i == solid else block.grown(-0.3 * line).inked(ink).lined(line))
    whole = column(copies, GAP * 0.9)
    if not crowned:
        return whole
    return headed(desk, desk.pictogram(main_motif(brief), "accent"), whole, GAP * 1.3, 0.2, 0.34)


def groove(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Fat letters swollen or swaying, with rings of colour around them."""
    style, crowned = rng.choice(("bulge", "wave", "lens")), rng.random() < 0.6
    gap = GAP * (0.4 if style == "wave" else 0.9)
    swell = 0.75 if style == "wave" else 0.7
    room = share_for_words(desk, 0.4) if crowned else desk.ratio
    lines = filling(desk, brief, ratio=swell * room, most=5, small=0.15, gap=gap / WIDTH)
    blocks = []
    for i, line in enumerate(lines):
        text = trimmed(line)
        bend = {"bulge": "bulge", "wave": "wave", "lens": "sag" if i % 2 else "bulge"}[style]
        amount = 0.055 * desk.length(text) if style == "wave" else 420.0
        ink = "accent" if i == hero(lines, brief.emphasis) else "ink"
        highest = (0.15 if is_weak(line) else 0.6) * WIDTH
        blocks.append(desk.lead(text, ink, bend=bend, amount=amount).fit(WIDTH, highest))
    words = column(blocks, gap)
    edges = [
        words.inked("fourth").grown(0.058 * WIDTH),
        words.knocked_out(0.044 * WIDTH),
        words.inked("third").grown(0.034 * WIDTH),
        words.knocked_out(0.018 * WIDTH),
    ]
    whole = around([*edges, words])
    if not crowned:
        return whole
    picture = desk.pictogram(main_motif(brief), "accent").fit(0.36 * WIDTH, 0.24 * WIDTH)
    glint = desk.ornament("sparkle", "third", radius=0.06 * WIDTH)
    return headed(desk, row([glint, picture, glint], GAP), whole, GAP * 2.3, 0.2, 0.4)


def varsity(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """An arched line with the pictogram in its bay, outlined letters below: the back of a letter jacket."""
    motif, dice = rng.choice(brief.motifs), rng.random()
    lines = filling(desk, brief, ratio=max(0.4, desk.ratio - 0.3), most=5, fewest=2, small=0.09, tallest=0.44,
                    gap=GAP * 1.4 / WIDTH)  # fmt: skip
    if is_weak(lines[0]) and len(lines) > 2:
        lines = (f"{lines[0]} {lines[1]}", *lines[2:])
    lead = hero(lines, brief.emphasis)
    gap, edge = 0.011 * WIDTH, 0.014 * WIDTH
    top = trimmed(lines[0])
    bowed = desk.lead(top, bend="rise", amount=0.17 * desk.length(top)).fit(WIDTH, 0.6 * WIDTH)
    bay = 0.17 * bowed.width
    bowed = outlined(bowed, "accent", gap, edge) if lead == 0 else bowed
    arch = bowed.below(0)
    blocks: list[Block] = []
    for i, line in enumerate(lines[1:], start=1):
        if is_weak(line):
            small = desk.support(line, "accent").fit(0.5 * WIDTH, 0.09 * WIDTH)
            blocks.append(flanked(desk, small, WIDTH, chance(dice)))
        elif i == lead:
            blocks.append(outlined(desk.lead(trimmed(line)).fit(WIDTH, 0.44 * WIDTH), "accent", gap, edge))
        else:
            blocks.append(desk.lead(trimmed(line), "accent" if lead == 0 else "ink").fit(WIDTH, 0.36 * WIDTH))
    used = arch.height - 0.5 * bay + sum(block.height + 1.4 * GAP for block in blocks)
    high = min(max(desk.height - used - 0.4 * GAP, 0.18 * WIDTH), 0.34 * WIDTH)
    picture = desk.pictogram(motif, "accent").fit(0.46 * WIDTH, high)
    star = desk.ornament("star", "ink", radius=0.035 * WIDTH)
    crest = row([star, picture, star], 0.05 * WIDTH)
    head = around([arch, crest.below(arch.height - 0.5 * bay + 0.4 * GAP)])
    return airy(desk, [head, *blocks], GAP * 1.4, 1.6)
