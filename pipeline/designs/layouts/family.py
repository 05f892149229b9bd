"""What a layout family is, and the pieces that several of them use.

A layout composes for the form of its sheet, `desk.ratio`, and rolls its dice before it measures anything: so the same
dice make the same choices in every form, and a design is recognised on every product.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.designs.blocks import WIDTH, Block, Desk, around, column, row
from pipeline.designs.breaking import Lines, best_breaks, emphatic, hero, is_weak, spread
from pipeline.designs.chance import chance
from pipeline.designs.pairings import Pairing, Voice
from pipeline.models import Brief, Mood

GAP = 0.045 * WIDTH
"""Space between lines of the same group."""
WIDE = 0.7
"""Height to width of a sheet below which a picture stands beside the words, not over them."""


@dataclass(frozen=True)
class Layout:
    """A way to compose a design.

    Attributes:
        name: as recorded in the recipe.
        draw: composes the brief; the generator is its only source of chance.
        voices: of the pairings it can be set in.
        moods: it suits, in no order.
        words: fewest and most words that it can hold.
        longest: most characters that it can hold.
        wears: whether it looks good as if worn.
        pictures: the pictograms that it makes sense with; empty: all.
        takes_picture: whether a painter's picture may stand where its main pictogram does (`Desk.motif`).
        needs: what else a brief must have, such as a number.
        plain: whether ornate faces are spared.
    """

    name: str
    draw: Callable[[Desk, Brief, random.Random], Block]
    voices: tuple[Voice, ...]
    moods: tuple[Mood, ...]
    words: tuple[int, int]
    longest: int = 80
    wears: bool = False
    pictures: frozenset[str] = frozenset()
    takes_picture: bool = False
    needs: Callable[[Brief], bool] | None = None
    plain: bool = False

    def takes(self, pairing: Pairing) -> bool:
        """Whether it can be set in these faces."""
        return pairing.voice in self.voices and not (self.plain and pairing.ornate)

    def holds(self, brief: Brief) -> bool:
        """Whether the layout is made for a phrase of this length and for the pictogram."""
        fewest, most = self.words
        fits = fewest <= len(brief.phrase.split()) <= most and len(brief.phrase) <= self.longest
        shows = not self.pictures or main_motif(brief) in self.pictures
        return fits and shows and (self.needs is None or self.needs(brief))


def trimmed(line: str) -> str:
    """A line of display text: a comma at its end is what the break already says."""
    return line.rstrip(",;") or line


def share_for_words(desk: Desk, picture: float) -> float:
    """Height to width that words should take beside a picture of this share of the sheet's width (`headed`)."""
    if desk.ratio < WIDE:
        return desk.ratio / (1 - min(0.45, desk.ratio))
    return max(0.3, desk.ratio - picture)


def headed(desk: Desk, picture: Block, words: Block, gap: float, least: float, most: float) -> Block:
    """The picture over the words, as high as they leave room on the sheet; on a wide sheet before the words.

    Args:
        desk: the sheet.
        picture: what leads.
        words: what follows, as wide as the sheet.
        gap: between them.
        least: height of the picture at least, in widths of the sheet.
        most: height at most.
    """
    if desk.ratio < WIDE:
        return row([picture.fit(0.9 * WIDTH, max(words.height, 0.3 * WIDTH)), words], 2 * gap)
    room = desk.height - words.height - gap
    return column([picture.fit(WIDTH, min(max(room, least * WIDTH), most * WIDTH)), words], gap)


def airy(desk: Desk, blocks: Sequence[Block], gap: float, most: float = 2.2) -> Block:
    """Stacked, with the gap stretched, `most` times at most, to fill the height of the sheet."""
    spare = desk.height - sum(block.height for block in blocks)
    gaps = max(1, len(blocks) - 1)
    return column(blocks, min(max(spare / gaps, gap), most * gap))


def flanked(desk: Desk, block: Block, width: float, rng: random.Random, ink: str = "accent") -> Block:
    """The block with rules to both sides, out to the width; as it is where there is no room."""
    style = rng.choice(("rule", "double", "star", "diamond"))
    room = (width - block.width) / 2
    gap = max(0.3 * block.height, 0.02 * WIDTH)
    length = room - gap
    if length < 0.06 * WIDTH:
        return block
    thick = min(0.014 * WIDTH, 0.12 * block.height)
    if style == "double":
        bar = column([desk.ornament("rule", ink, width=length, height=thick)] * 2, 1.6 * thick)
    elif style == "rule":
        bar = desk.ornament("rule", ink, width=length, height=thick)
    else:
        size = min(0.26 * block.height, 0.05 * WIDTH)
        point = desk.ornament(style, ink, radius=size)
        rest = length - point.width - size
        if rest < 0.12 * WIDTH:
            bar = point
        else:
            rule = desk.ornament("rule", ink, width=rest, height=thick)
            left, right = row([rule, point], size), row([point, rule], size)
            return row([left, block, right], gap)
    return row([bar, block, bar], gap)


def filling(
    desk: Desk,
    brief: Brief,
    *,
    ratio: float,
    most: int,
    fewest: int = 1,
    small: float = 0.12,
    tallest: float = 0.5,
    gap: float = GAP / WIDTH,
) -> Lines:
    """The breaks with which lines of equal width, each in its own size, come near a form, and what matters is large.

    Args:
        desk: the typefaces.
        brief: what to set.
        ratio: height to width that the whole should come near to.
        most: lines at most.
        fewest: lines at least, words permitting.
        small: height of a line of weak words, in widths.
        tallest: height of any line at most.
        gap: between lines.
    """
    cap = desk.typefaces[desk.pairing.lead].cap_height

    def cost(lines: Lines) -> float:
        sizes = [
            small if is_weak(line) and len(lines) > 1 else min(cap / desk.length(trimmed(line)), tallest)
            for line in lines
        ]
        whole = sum(sizes) + (len(lines) - 1) * gap
        strong = [s for s, line in zip(sizes, lines, strict=True) if not is_weak(line)] or sizes
        carried = [s for s, line in zip(sizes, lines, strict=True) if emphatic(line, brief.emphasis)] or strong
        timid = max(0.0, math.log(max(strong) / max(carried)))
        return 2.2 * abs(math.log(whole / ratio)) + 0.7 * timid + 0.9 * max(0.0, spread(strong) - math.log(2.6))

    return best_breaks(brief.lines, most, cost, fewest=fewest, meaning=1.1, wholes=brief.emphasis)


def justified(
    desk: Desk,
    brief: Brief,
    rng: random.Random,
    *,
    width: float = WIDTH,
    ratio: float = 1.0,
    most: int = 6,
    inks: tuple[str, str] = ("ink", "accent"),
    gap: float = GAP,
    rules: bool = True,
    relief: bool = False,
) -> Block:
    """The phrase as lines of equal width and unequal size; small words small between rules.

    Args:
        desk: the typefaces.
        brief: what to set.
        rng: chance.
        width: of every line.
        ratio: height to width that the whole should come near to.
        most: lines at most.
        inks: of plain lines, of the lines with the emphasis.
        gap: between lines.
        rules: whether small words get rules to both sides.
        relief: whether the line that carries the phrase casts a shadow.
    """
    dice = rng.random()
    lines = filling(desk, brief, ratio=ratio, most=most, gap=gap / width)
    lead = hero(lines, brief.emphasis)
    blocks = []
    for i, line in enumerate(lines):
        ink = inks[1] if i == lead or emphatic(line, brief.emphasis) else inks[0]
        if is_weak(line) and len(lines) > 1:
            small = desk.hand(line, inks[1] if ink == inks[0] else inks[0]).fit(width * 0.4, 0.12 * width)
            blocks.append(flanked(desk, small, width, chance(dice), small.layers[0].ink) if rules else small)
        else:
            block = desk.lead(trimmed(line), ink).fit(width, 0.5 * width)
            if relief and i == lead:
                depth = min(0.1 * block.height, 0.018 * width)
                block = block.shadowed(inks[0], depth, depth, 0.35 * depth)
            narrow = block.width < 0.8 * width and rules
            blocks.append(flanked(desk, block, width, chance(dice), inks[1]) if narrow else block)
    return column(blocks, gap)


def even(
    desk: Desk, brief: Brief, *, ratio: float, most: int, face: str = "lead", ink: str = "ink", leading: float = 0.38
) -> Block:
    """The phrase as centred lines of one size, the emphasis in the accent.

    Args:
        desk: the typefaces.
        brief: what to set.
        ratio: height to width that the whole should come near to.
        most: lines at most.
        face: `lead` or `support`.
        ink: of the plain lines.
        leading: space between lines, in heights of a line.
    """
    cap = desk.typefaces[desk.pairing.lead].cap_height

    def cost(lines: Lines) -> float:
        widths = [desk.length(trimmed(line)) for line in lines]
        whole = len(lines) * cap * (1 + leading) / max(widths)
        return 1.5 * abs(math.log(whole / ratio)) + 0.6 * spread(widths)

    lines = best_breaks(brief.lines, most, cost, meaning=1.0, wholes=brief.emphasis)
    lead = hero(lines, brief.emphasis)
    setter = desk.lead if face == "lead" else desk.support
    blocks = []
    for i, line in enumerate(lines):
        blocks.append(setter(trimmed(line), "accent" if i == lead and len(lines) > 1 else ink))
    return column(blocks, cap * leading)


def parted(brief: Brief, desk: Desk, weights: Sequence[float]) -> Lines:
    """The phrase in len(weights) parts, words permitting, of lengths as near the weights as meaning allows."""

    def cost(lines: Lines) -> float:
        lengths = [desk.length(line) for line in lines]
        whole, share = sum(lengths), sum(weights[: len(lines)])
        amiss = sum(abs(n / whole - w / share) for n, w in zip(lengths, weights, strict=False))
        return 3.0 * amiss + sum(0.5 for line in lines if is_weak(line))

    return best_breaks(brief.lines, len(weights), cost, fewest=len(weights), meaning=1.1, wholes=brief.emphasis)


def main_motif(brief: Brief) -> str:
    """The best pictogram."""
    return brief.motifs[0]


def outlined(block: Block, ink: str, gap: float, edge: float) -> Block:
    """Letters with a gap and then an edge in another ink around them, as on a letter jacket."""
    return around([block.grown(gap + edge).inked(ink), block.knocked_out(gap), block])
