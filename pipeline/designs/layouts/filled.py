"""Layouts whose words are bent to a figure or a slope: shaped, split, handmade."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
import shapely

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column
from pipeline.designs.breaking import Lines, best_breaks, hero, is_weak
from pipeline.designs.envelopes import lower_edge, profile, upper_edge
from pipeline.designs.layouts.family import GAP, flanked, headed, main_motif, parted, trimmed
from pipeline.designs.shapes import Points, Shape
from pipeline.models import Brief, Mood

R = WIDTH / 2
SHAPED = ("disc", "shield", "badge", "window", "egg")
BY_MOOD = {
    Mood.HEARTFELT: ("heart", "heart", "disc", "badge"),
    Mood.COZY: ("heart", "badge", "disc", "drop"),
    Mood.SPORTY: ("shield", "lozenge", "disc"),
    Mood.OUTDOORSY: ("shield", "window", "disc", "drop"),
    Mood.PLAYFUL: ("egg", "disc", "heart", "badge"),
    Mood.FESTIVE: ("drop", "disc", "badge"),
}
"""Figures that words fill, by mood; of other moods SHAPED."""
SPACE = 0.05
"""Between the lines in a figure, in its radii."""
LONGEST_SPLIT = 9
"""Most characters that a line can have to be cut in two and still be read."""
TALLEST = 1.5
"""How much taller than drawn the letters of a wide face are set to be cut in two."""
GLINTS = ("sparkle", "star", "heart")
STRIPS = 90
"""Upright strips in which the distance of two shapes is looked at."""


def shaped(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The words as the figure: every line is bent so that together they fill it, with an outline or none around."""
    options = {}
    for figure in dict.fromkeys(BY_MOOD.get(brief.mood, SHAPED)):
        lines, edges = _set(desk, brief, figure)
        options[figure] = (_distortion(desk, figure, lines, edges), lines, edges)
    best = min(distortion for distortion, _, _ in options.values())
    figure = rng.choice([figure for figure, (distortion, _, _) in options.items() if distortion < best + 0.35])
    _, lines, edges = options[figure]
    style = rng.choice(("bare", "hoop", "solid", "hoop"))
    radius = R if style == "bare" else 0.86 * R
    lead = hero(lines, brief.emphasis)
    words = []
    for i, (line, (upper, lower)) in enumerate(zip(lines, pairwise(edges), strict=True)):
        params = {
            "figure": figure,
            "radius": radius,
            "upper": None if i == 0 else upper + SPACE / 2,
            "lower": None if i == len(lines) - 1 else lower - SPACE / 2,
        }
        ink = "accent" if i == lead and style != "solid" else "ink"
        words.append(desk.lead(trimmed(line), ink, caps=True, bend="inside", params=params))
    text = around(words)
    if style == "bare":
        return text
    outer = desk.ornament(figure, "accent" if style == "solid" else "ink", radius=1.06 * R)
    if style == "solid":
        rim = desk.ornament(figure, radius=0.985 * R).lined(0.012 * R)
        return around([outer, rim.knocked_out(), text.knocked_out()])
    inner = desk.ornament(figure, radius=R)
    fine = desk.ornament(figure, "accent", radius=0.965 * R).lined(0.014 * R)
    return around([outer, inner.knocked_out(), fine, text])


def _set(desk: Desk, brief: Brief, figure: str) -> tuple[Lines, list[float]]:
    """The lines, and the heights between them from the figure's top to its bottom, in radii."""

    def cost(lines: Lines) -> float:
        weak = sum(5.0 for line in lines if is_weak(line))
        return _distortion(desk, figure, lines, _edges(desk, figure, lines)) + weak

    lines = best_breaks(brief.lines, 5, cost, fewest=2, meaning=0.9, wholes=brief.emphasis)
    return lines, _edges(desk, figure, lines)


def _edges(desk: Desk, figure: str, lines: Lines) -> list[float]:
    """Heights so divided that all lines are stretched alike."""
    its = profile(figure)
    top, bottom = float(its.y[0]), float(its.y[-1])
    aspects = np.array([desk.length(trimmed(line), caps=True) for line in lines])
    edges = np.linspace(top, bottom, len(lines) + 1)
    for _ in range(5):
        shares = _widths(figure, edges) / aspects
        edges = top + (bottom - top) * np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
    return [float(edge) for edge in edges]


def _widths(figure: str, edges: Points) -> Points:
    its = profile(figure)
    middles = (edges[:-1] + edges[1:]) / 2
    return np.interp(middles, its.y, its.right - its.left)


def _distortion(desk: Desk, figure: str, lines: Lines, edges: list[float]) -> float:
    """How far letters are from their own proportions, and lines from one another's height."""
    if len(lines) < 2:
        return math.inf
    cap = desk.typefaces[desk.pairing.lead].cap_height
    marks = np.array(edges)
    heights = np.diff(marks) - SPACE
    first, last = upper_edge(figure, edges[1]), lower_edge(figure, edges[-2])
    heights[0] = edges[1] - first[:, 1].mean() - SPACE / 2
    heights[-1] = last[:, 1].mean() - edges[-2] - SPACE / 2
    if heights.min() < 0.24:
        return 20.0
    widths = _widths(figure, marks)
    widths[0], widths[-1] = np.ptp(first[:, 0]), np.ptp(last[:, 0])
    natural = np.array([desk.length(trimmed(line), caps=True) for line in lines]) / cap
    return float(np.abs(np.log(widths / heights / natural)).mean() * 2 + 0.6 * np.log(heights.max() / heights.min()))


def can_split(brief: Brief) -> bool:
    """Whether there is a word that is short enough to be cut in two, and a line to lay between."""
    before, word, after = _around_hero(brief)
    return 3 <= len(word) <= LONGEST_SPLIT and 0 < len(after or before) <= 3 * len(word)


def split(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """The word that matters, large and cut in two, with the rest of the phrase on the band between its halves."""
    before, word, after = _around_hero(brief)
    inside = after or before
    cap = desk.typefaces[desk.pairing.lead].cap_height
    natural = desk.length(trimmed(word), caps=True)
    size = min(WIDTH / natural, 0.62 * WIDTH / cap)
    tall = min(TALLEST, max(1.0, 0.2 * WIDTH / (size * cap)))
    band = min(0.13 * WIDTH, 0.6 * size * tall * cap)
    halves = desk.lead(trimmed(word), caps=True, bend="split", params={"gap": band / (size * tall)})
    block = halves.under((size, 0, 0, size * tall, 0, 0)).at()
    middle = desk.support(trimmed(inside), "accent").fit(0.94 * block.width, 0.62 * band).at()
    slot = desk.ornament("rule", width=1.2 * block.width, height=band)
    style = rng.choice(("open", "lines", "solid"))
    parts = [block, slot.knocked_out()]
    if style == "solid":
        plate = desk.ornament("rule", "accent", width=1.06 * block.width, height=0.86 * band)
        parts += [plate, desk.support(trimmed(inside)).fit(0.88 * block.width, 0.5 * band).at().knocked_out()]
    elif style == "lines" and middle.width < 0.8 * block.width:
        parts.append(flanked(desk, middle, block.width, rng).at())
    else:
        parts.append(middle)
    whole = around(parts)
    if after and before:
        first = flanked(desk, desk.support(trimmed(before)).fit(0.8 * WIDTH, 0.11 * WIDTH), 0.96 * WIDTH, rng)
        whole = column([first, whole], GAP * 1.3)
    return headed(desk, desk.motif(main_motif(brief), "accent"), whole, GAP * 1.3, 0.3, 0.6)


def _around_hero(brief: Brief) -> tuple[str, str, str]:
    """What comes before the word or words that matter, they, and what comes after; one of both may be empty."""

    def cost(lines: Lines) -> float:
        lead = hero(lines, brief.emphasis)
        length = len(lines[lead])
        rest = sum(len(line) for i, line in enumerate(lines) if i != lead)
        return 0.25 * max(0, length - 9) + 0.2 * max(0, 4 - length) + 0.03 * max(0, rest - 22)

    lines = best_breaks(brief.lines, 3, cost, fewest=2, meaning=0.6, wholes=brief.emphasis)
    lead = hero(lines, brief.emphasis)
    return " ".join(lines[:lead]), lines[lead], " ".join(lines[lead + 1 :])


def handmade(desk: Desk, brief: Brief, rng: random.Random) -> Block:
    """Lettering as if drawn by hand: lines that climb, swell and lock into one another, with flourishes."""
    lines = parted(brief, desk, (1.0,) * max(2, min(5, math.ceil(len(brief.phrase) / 10 * min(1.2, desk.ratio)))))
    lead = hero(lines, brief.emphasis)
    rise, swell, glint = rng.choice((0.1, 0.13, 0.07)), rng.choice((0.0, -0.16, 0.2)), rng.choice(GLINTS)
    blocks: list[Block] = []
    for i, line in enumerate(lines):
        if is_weak(line):
            word = desk.hand(line, "third").fit(0.34 * WIDTH, 0.12 * WIDTH).turned(-math.degrees(math.atan(rise)))
            blocks.append(word)
            continue
        params = {"rise": rise, "grow": 0.45 if i == lead else swell}
        ink = "accent" if i == lead else "ink"
        word = desk.lead(trimmed(line), ink, bend="slope", params=params)
        blocks.append(word.fit(WIDTH if i == lead else 0.86 * WIDTH, (0.46 if i == lead else 0.27) * WIDTH))
    stack = _locked(desk, blocks, 0.03 * WIDTH)
    ends = stack.box
    turn = -math.degrees(math.atan(rise))
    stroke = desk.ornament("swash", "third", width=0.7 * stack.width, height=0.05 * WIDTH).turned(turn)
    stroke = stroke.at(stack.middle[0], ends[3] + 0.5 * stroke.height + 0.4 * GAP - 0.1 * rise * WIDTH)
    picture = desk.motif(main_motif(brief), "ink").fit(0.3 * WIDTH, 0.24 * WIDTH)
    marks = _sparks(desk, picture, glint)
    crown = marks.at(ends[0] + 0.26 * WIDTH, ends[1] + 0.02 * WIDTH)
    crown = crown.moved(0, _drop(desk, crown, stack, 0.055 * WIDTH))
    return around([crown, stack, stroke])


def _sparks(desk: Desk, picture: Block, glint: str) -> Block:
    size = 0.032 * WIDTH
    left = desk.ornament(glint, "third", radius=size).at(picture.box[0] - 0.07 * WIDTH, picture.middle[1])
    right = desk.ornament(glint, "third", radius=0.7 * size).at(picture.box[2] + 0.06 * WIDTH, picture.box[1])
    return around([left, picture, right])


def _locked(desk: Desk, blocks: list[Block], gap: float) -> Block:
    """Lines stacked so close that the nearest ink of neighbours is `gap` apart."""
    whole = blocks[0].below(0)
    for block in blocks[1:]:
        below = block.below(whole.box[3])
        whole = around([whole, below.moved(0, -_drop(desk, whole, below, gap))])
    return desk.tight(whole)


def _drop(desk: Desk, upper: Block, lower: Block, gap: float) -> float:
    """How far the upper block may fall, or the lower rise, until their ink is `gap` apart; negative: too near now."""
    high, low = desk.area(upper), desk.area(lower)
    left, right = max(high.bounds[0], low.bounds[0]), min(high.bounds[2], low.bounds[2])
    if left >= right:
        return lower.box[1] - upper.box[3]
    step = (right - left) / STRIPS
    starts = left + step * np.arange(STRIPS)
    reach = shapely.bounds(shapely.intersection(high, _strips(starts - gap, step + 2 * gap, high)))[:, 3]
    top = shapely.bounds(shapely.intersection(low, _strips(starts, step, low)))[:, 1]
    return float(np.nanmin(top - reach)) - gap


def _strips(starts: Points, width: float, shape: Shape) -> Points:
    return np.asarray(shapely.box(starts, shape.bounds[1] - 1, starts + width, shape.bounds[3] + 1))
